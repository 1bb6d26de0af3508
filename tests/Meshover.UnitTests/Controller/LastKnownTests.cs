using System.Net;
using System.Text;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Graphs;
using Meshover.Controller.Live;
using Meshover.Controller.Scraping;
using Meshover.Controller.State;
using Meshover.UnitTests.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Controller;

/// <summary>How nodes stood outlives the controller, and is told as what it is: the last known, of nodes that are not heard yet.</summary>
public sealed class LastKnownTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-known-").FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now + 3600));
    private readonly TestMesh _mesh = new();
    private readonly uint _ok, _lost, _unheard;
    private readonly LiveNodes _former;

    public LastKnownTests()
    {
        (_ok, _lost, _unheard) = (_mesh.Enrol("ok").Id, _mesh.Enrol("lost").Id, _mesh.Enrol("unheard").Id);
        _former = new LiveNodes(_time);
        var gone = Open(_former, _lost);
        Say(_former, gone, 3);
        _former.Close(gone);
        Pass(_former, TimeSpan.FromMinutes(3));
        Say(_former, Open(_former, _ok), 3);
        Pass(_former, TimeSpan.FromSeconds(10));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Nodes_AreWhatTheyWereKnownToBe_AndTimeAloneFlipsNobody()
    {
        var since = _former.State.Node(_ok)!.Judged!.Value.Since;
        var heard = _former.State.Node(_ok)!.LastSeen;
        var live = Restarted(after: TimeSpan.FromHours(2));
        foreach (var wait in new[] { TimeSpan.Zero, TimeSpan.FromMinutes(20) })
        {
            Pass(live, wait);
            var (ok, lost) = (Member(live, _ok), Member(live, _lost));
            Assert.Equal((NodeState.Unknown, NodeState.Ok, since), (ok.State, ok.LastKnown!.Value, ok.Live!.Judged!.Value.Since));
            Assert.Equal((heard, "0.1.0", 3, 0), (ok.Live.LastSeen, ok.Live.LastVersion, ok.Live.Health!.Peers, ok.Live.Health.Findings!.Count));
            Assert.Null(ok.Speaks); // of links it says nothing now
            Assert.Equal((NodeState.Lost, NodeState.Lost), (lost.State, lost.LastKnown!.Value));
            Assert.Equal((NodeState.Unknown, null), (Member(live, _unheard).State, Member(live, _unheard).LastKnown));
        }
        Assert.Equal("unknown, was ok", MeshGraph.Of(_mesh.State, live.State, live.Clock.Now).Nodes[0].State);
        Assert.Equal(0, live.State.Online);
        Assert.Empty(live.TakeDirty());
    }

    [Fact]
    public void Metrics_TellWhatIsLastKnown_AndItsAge_UntilTheNodeIsHeard()
    {
        var live = Restarted(after: TimeSpan.FromHours(2));
        var page = Page(live);
        Assert.Equal((0, 4), (page["meshover_node_state{node=\"ok\"}"], page["meshover_node_last_known_state{node=\"ok\"}"]));
        Assert.Equal((1, 1), (page["meshover_node_state{node=\"lost\"}"], page["meshover_node_last_known_state{node=\"lost\"}"]));
        Assert.InRange(page["meshover_node_heard_age_seconds{node=\"ok\"}"], 7200, 7300);
        Assert.InRange(page["meshover_node_summary_age_seconds{node=\"ok\"}"], 7200, 7300);
        Assert.DoesNotContain("meshover_node_last_known_state{node=\"unheard\"}", page.Keys);
        // What two hours brought would be a moment's rate.
        Assert.DoesNotContain("meshover_node_receive_bytes_total{node=\"ok\"}", page.Keys);
        Say(live, Open(live, _ok), 3);
        Assert.DoesNotContain("meshover_node_last_known_state{node=\"ok\"}", Page(live).Keys);
        Assert.Equal(7, Page(live)["meshover_node_receive_bytes_total{node=\"ok\"}"]);

        Dictionary<string, double> Page(LiveNodes of)
        {
            using var meters = new MeterReader();
            return Scrape.Parse(Encoding.UTF8.GetString(ControllerPage.Build(new Sight(_mesh.State, of.State, of.Clock.Now, _time.GetUtcNow(), TimeSpan.Zero, 0), meters).Written.Span));
        }
    }

    [Fact]
    public void Node_ThatIsHeardAgain_IsWhatItIsNow_AndSinceWhenItWas()
    {
        var since = _former.State.Node(_ok)!.Judged!.Value.Since;
        var live = Restarted(after: TimeSpan.FromMinutes(1));
        Say(live, Open(live, _ok), 3);
        Say(live, Open(live, _lost), 3);
        Pass(live, TimeSpan.FromSeconds(1));
        var (ok, lost) = (Member(live, _ok), Member(live, _lost));
        Assert.Equal((NodeState.Ok, null, since), (ok.State, ok.LastKnown, ok.Live!.Judged!.Value.Since));
        Assert.Equal((NodeState.Ok, null), (lost.State, lost.LastKnown));
        Assert.True(lost.Live!.Judged!.Value.Since > since);
        Pass(live, TimeSpan.FromMinutes(3));
        Assert.Equal(NodeState.Lost, Member(live, _ok).State);
    }

    [Fact]
    public void Node_ThatComesAndGoesWithoutSayingHowItStands_IsLost()
    {
        var live = Restarted(after: TimeSpan.FromMinutes(1));
        var session = Open(live, _ok);
        Pass(live, TimeSpan.FromSeconds(1));
        Assert.Equal((NodeState.Unknown, NodeState.Ok), (Member(live, _ok).State, live.State.Node(_ok)!.Judged!.Value.State));
        live.Close(session);
        Pass(live, TimeSpan.FromMinutes(3));
        Assert.Equal((NodeState.Lost, NodeState.Lost), (Member(live, _ok).State, live.State.Node(_ok)!.Judged!.Value.State));
    }

    [Fact]
    public void Member_ThatHasTheNumberOfAnother_IsNotThatOne()
    {
        var file = LastKnown.Write(_mesh.State, _former.State);
        _mesh.Change(draft => draft.Put(StoreKeys.Node(_ok), _mesh.State.Nodes[_ok].Record with { Enrolled = TestMesh.Now + 7 }));
        Assert.Equal([_lost], LastKnown.Read(_mesh.State, file).Select(node => node.Key));
    }

    [Fact]
    public void File_OfAnotherStore_IsRefused_AndThatOfAStoreThatThisOneWasRestoredFromIsTaken()
    {
        var file = LastKnown.Write(_mesh.State, _former.State);
        Rename([]);
        Assert.Contains("store-1", Assert.Throws<InvalidDataException>(() => LastKnown.Read(_mesh.State, file)).Message, StringComparison.Ordinal);
        Rename([new AncestorRecord("store-1", 1, 0)]);
        Assert.Equal(2, LastKnown.Read(_mesh.State, file).Count());

        void Rename(System.Collections.Immutable.ImmutableArray<AncestorRecord> ancestors) =>
            _mesh.Change(draft => draft.Put(StoreKeys.Mesh, _mesh.State.Mesh with { StoreId = "store-2", Ancestors = ancestors }));
    }

    [Fact]
    public async Task Keeper_KeepsAtItsEnd_AndStartsWithoutAFileThatCannotBeRead()
    {
        await using var store = new FakeStore();
        await using var directory = await MeshDirectory.OpenAsync(store, NullLogger<MeshDirectory>.Instance, None);
        await directory.ChangeAsync(draft =>
        {
            draft.Put(StoreKeys.Mesh, _mesh.State.Mesh);
            foreach (var node in _mesh.State.Nodes.Values)
                draft.Put(StoreKeys.Node(node.Record.Id), node.Record);
        }, None);
        var paths = new ControllerPaths { State = _directory };
        await RunAsync(_former);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(paths.LastKnown));
        var next = new LiveNodes(_time);
        await RunAsync(next);
        Assert.Equal(NodeState.Ok, Member(next, _ok).LastKnown);
        foreach (var foreign in (byte[][])[[], "{}"u8.ToArray(), LastKnown.Write(_mesh.State, _former.State)[..40]])
        {
            await File.WriteAllBytesAsync(paths.LastKnown, foreign, None);
            var without = new LiveNodes(_time);
            await RunAsync(without);
            Assert.Empty(without.State.Nodes);
        }

        async Task RunAsync(LiveNodes live)
        {
            using var keeper = new LastKnownKeeper(directory, live, paths, _time, NullLogger<LastKnownKeeper>.Instance);
            await keeper.StartAsync(None);
            await keeper.StopAsync(None);
        }
    }

    /// <summary>Nobody plans for it, as nothing of it ever moved: whoever plans does not forget it.</summary>
    [Fact]
    public async Task Keeper_ForgetsARecalledNode_ThatWasRemoved()
    {
        await using var store = new FakeStore();
        await using var directory = await MeshDirectory.OpenAsync(store, NullLogger<MeshDirectory>.Instance, None);
        await directory.ChangeAsync(draft =>
        {
            draft.Put(StoreKeys.Mesh, _mesh.State.Mesh);
            draft.Put(StoreKeys.Node(_ok), _mesh.State.Nodes[_ok].Record);
        }, None);
        var live = Restarted(after: TimeSpan.Zero);
        Assert.NotNull(live.State.Node(_lost));
        using var keeper = new LastKnownKeeper(directory, live, new ControllerPaths { State = _directory }, _time, NullLogger<LastKnownKeeper>.Instance);
        await keeper.StartAsync(None);
        for (var tries = 0; live.State.Node(_lost) is not null && tries < 500; tries++)
        {
            _time.Advance(LastKnownKeeper.Every);
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, None);
        }
        await keeper.StopAsync(None);
        Assert.Null(live.State.Node(_lost));
        Assert.NotNull(live.State.Node(_ok));
    }

    /// <summary>A controller that has the former's file.</summary>
    private LiveNodes Restarted(TimeSpan after)
    {
        var file = LastKnown.Write(_mesh.State, _former.State);
        _time.Advance(after);
        var live = new LiveNodes(_time);
        live.Recall(LastKnown.Read(_mesh.State, file));
        return live;
    }

    private GraphMember Member(LiveNodes live, uint node) => MeshGraph.Members(_mesh.State, live.State, live.Clock.Now).Single(member => member.Id == node);

    private static NodeSession Open(LiveNodes live, uint node)
    {
        var session = new NodeSession(node, "A", "0.1.0", IPAddress.Parse("192.0.2.1"));
        live.Open(session, ReportedState.Nothing);
        return session;
    }

    private void Say(LiveNodes live, NodeSession session, uint peers)
    {
        var summary = HealthTests.Summary();
        (summary.Peers, summary.RxBytes) = (peers, 7);
        summary.Findings = new FindingCounts();
        live.Tell(session, health => HealthMapping.Merge(health, summary, _time.GetUtcNow()));
        live.Judge();
    }

    // As Attention does.
    private void Pass(LiveNodes live, TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += AttentiveClock.Beat)
        {
            _time.Advance(AttentiveClock.Beat);
            live.Judge();
        }
    }
}
