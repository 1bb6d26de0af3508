using System.Net;
using Meshover.Controller.Changes;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Map;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class TopologyKeeperTests : IAsyncDisposable
{
    private const int Nodes = 20; // more than a small mesh, where all are transit nodes
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
    private readonly FakeStore _store = new();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    // Nobody says anything any more: the end of the first half minute itself must lead to it.
    [Fact]
    public async Task TransitNode_ThatDoesNotComeBackAfterAStart_IsReplacedOnceTheMeshHasSettled()
    {
        await using var directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        var live = new LiveNodes(_time);
        await directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        await directory.ChangeAsync(draft => TokenRules.Create(draft, TestMesh.Token()), CancellationToken.None);
        for (var number = 1; number <= Nodes; number++)
            await EnrolAsync(directory, number);
        for (uint online = 2; online <= Nodes; online++)
            live.Open(new NodeSession(online, "A", "0.1.0", null), ReportedState.Nothing with { Endpoints = [EndpointOf((int)online)] });
        using var keeper = new TopologyKeeper(directory, live, _time, NullLogger<TopologyKeeper>.Instance);

        await keeper.StartAsync(CancellationToken.None);

        await UntilAsync(TimeSpan.FromSeconds(25), () => false);
        Assert.True(IsTransit(directory, 1));
        await UntilAsync(TimeSpan.FromHours(1), () => !IsTransit(directory, 1));
        Assert.False(IsTransit(directory, 1));
        Assert.Equal(3, directory.State.Nodes.Values.Count(node => node.Reach.Transit));
        await keeper.StopAsync(CancellationToken.None);
    }

    // Every peer sees another port of it, and each a new one every other second.
    [Fact]
    public async Task NodeBehindASymmetricNat_DoesNotKeepTheMapInMotion()
    {
        await using var directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        var live = new LiveNodes(_time);
        var sessions = await OnlineAsync(directory, live);
        using var keeper = new TopologyKeeper(directory, live, _time, NullLogger<TopologyKeeper>.Instance);
        await keeper.StartAsync(CancellationToken.None);
        await UntilAsync(TimeSpan.FromSeconds(3), () => false);
        var before = directory.State.MapRevision;

        for (var round = 1; round <= 30; round++)
        {
            foreach (var session in sessions.Skip(1))
                Sees(live, session, $"203.0.113.1:{(100 * round) + session.Node}");
            await UntilAsync(TimeSpan.FromSeconds(2), () => false);
        }

        Assert.Equal(before, directory.State.MapRevision);
        await keeper.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task NodeWhosePlaceChangesAllTheTime_ChangesTheMapAFewTimesAMinute_AndEndsUpRight()
    {
        await using var directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        var live = new LiveNodes(_time);
        var sessions = await OnlineAsync(directory, live);
        using var keeper = new TopologyKeeper(directory, live, _time, NullLogger<TopologyKeeper>.Instance);
        await keeper.StartAsync(CancellationToken.None);
        var reaches = new HashSet<ReachRecord>(ReferenceEqualityComparer.Instance);

        for (var second = 1; second <= 60; second++)
        {
            var former = directory.State.Member(1)!.Reach;
            live.Report(sessions[0], report => report with { Endpoints = [EndpointOf(100 + second)] });
            await UntilAsync(TimeSpan.FromSeconds(1), () => false);
            // A commit takes the disk's time, of which this clock knows nothing: those that are made at once are waited for.
            for (var tries = 0; reaches.Count < ReachPace.Burst / 2 && tries < 200 && ReferenceEquals(directory.State.Member(1)!.Reach, former); tries++)
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            reaches.Add(directory.State.Member(1)!.Reach);
        }

        Assert.InRange(reaches.Count, 3, ReachPace.Burst + 7);
        await UntilAsync(TimeSpan.FromMinutes(1), () => directory.State.Member(1)!.Reach.Endpoints[0] == EndpointOf(160));
        Assert.Equal(EndpointOf(160), directory.State.Member(1)!.Reach.Endpoints[0]);
        await keeper.StopAsync(CancellationToken.None);
    }

    [Fact]
    public void Write_ReachThatAnotherWroteSince_IsLeftAndPlannedAnew()
    {
        var mesh = new TestMesh();
        mesh.Enrol("n1");
        mesh.Enrol("n2");
        var planned = mesh.State;
        var newer = new ReachRecord { Endpoints = [EndpointOf(1)] };
        mesh.Change(draft => draft.Put(StoreKeys.Reach(1), newer));

        List<uint> overtaken = [];
        mesh.Change(draft => overtaken = TopologyKeeper.Write(draft, planned, new()
        {
            [1] = new ReachRecord { Endpoints = [EndpointOf(101)] },
            [2] = new ReachRecord { Endpoints = [EndpointOf(102)] },
            [3] = new ReachRecord(),
        }));

        Assert.Equal([1], overtaken);
        Assert.Equal(newer, mesh.State.Member(1)!.Reach);
        Assert.Equal([EndpointOf(102)], mesh.State.Member(2)!.Reach.Endpoints);
    }

    private static async Task<List<NodeSession>> OnlineAsync(MeshDirectory directory, LiveNodes live)
    {
        await directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        await directory.ChangeAsync(draft => TokenRules.Create(draft, TestMesh.Token()), CancellationToken.None);
        var sessions = new List<NodeSession>();
        for (var number = 1; number <= Nodes; number++)
        {
            await EnrolAsync(directory, number);
            sessions.Add(new NodeSession((uint)number, "A", "0.1.0", null));
            live.Open(sessions[^1], ReportedState.Nothing with { Endpoints = [EndpointOf(number)] });
        }
        return sessions;
    }

    private static void Sees(LiveNodes live, NodeSession session, string place) =>
        live.Report(session, report => report with { Observed = report.Observed.SetItem(1, IPEndPoint.Parse(place)) });

    private static async Task EnrolAsync(MeshDirectory directory, int number)
    {
        var request = new EnrolmentRequest
        {
            Identity = $"n{number}",
            HostName = $"n{number}",
            WireGuardKey = TestMesh.KeyOf($"n{number}"),
            Token = TestMesh.Token(),
            Reach = new ReachRecord { Endpoints = [EndpointOf(number)], Transit = number <= 3 },
        };
        await directory.ChangeAsync(draft => Enrolment.Enrol(draft, request, TestMesh.Now, TestMesh.Skew), CancellationToken.None);
    }

    private static EndpointRecord EndpointOf(int number) => new($"192.0.2.{number}", 12912, (int)EndpointSource.Interface);

    private static bool IsTransit(MeshDirectory directory, uint node) => directory.State.Member(node)!.Reach.Transit;

    // So much of the test's time, or until it is so.
    private async Task UntilAsync(TimeSpan most, Func<bool> isSo)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var passed = TimeSpan.Zero; passed < most && !isSo() && TimeProvider.System.GetElapsedTime(started) < Patience; passed += TimeSpan.FromSeconds(1))
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }
}
