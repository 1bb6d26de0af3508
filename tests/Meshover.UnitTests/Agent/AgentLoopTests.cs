using System.Net;
using System.Threading.Channels;
using Meshover.Agent;
using Meshover.Agent.Announcing;
using Meshover.Agent.Announcing.Provided;
using Meshover.Agent.Configuration;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Endpoints;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Mesh;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Agent;

public sealed class AgentLoopTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-loop").FullName;
    private readonly SettableClock _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Channel<AgentInput> _inputs = Channel.CreateUnbounded<AgentInput>();
    private readonly Channel<NodePlan> _plans = Channel.CreateUnbounded<NodePlan>();
    private readonly CancellationTokenSource _stop = new();

    public void Dispose()
    {
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Run_MapOnDisk_IsPlannedWithNoControllerInReach()
    {
        var running = Start(FromDisk(TestMesh.Full(3)));
        Assert.Equal(2, (await NextPlanAsync()).WireGuard.Peers.Length);
        await StopAsync(running);
    }

    [Fact]
    public async Task WaitForApplied_EndsWithTheLastOfTheComponents_OrWithItsError()
    {
        var running = Start(FromDisk(TestMesh.Full(3)));
        await NextPlanAsync();
        var waiting = _loop!.WaitForAppliedAsync(1, _stop.Token);
        foreach (var component in Wanted.Components)
        {
            Assert.False(waiting.IsCompleted);
            _inputs.Writer.TryWrite(new AgentInput.Reconciled(component, new ReconcileReport { State = ComponentState.Ok }, 1));
        }
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, _stop.Token);

        Tell(new LinkEvent.MapReceived(TestMesh.Full(2) with { Revision = 8 }));
        await NextPlanAsync();
        var failing = _loop.WaitForAppliedAsync(2, _stop.Token);
        _inputs.Writer.TryWrite(new AgentInput.Reconciled(Wanted.Kernel, new ReconcileReport { State = ComponentState.Failed, Errors = ["no room"] }, 2));
        Assert.Equal("kernel: no room", (await Assert.ThrowsAsync<AgentException>(() => failing)).Message);
        await StopAsync(running);
    }

    [Fact]
    public async Task Reload_OtherAnnouncedPrefixes_AreTakenByThisVeryAgent()
    {
        var running = Start(FromDisk(TestMesh.Full(2)));
        await NextPlanAsync();
        var source = new ConfiguredAnnouncements([]);
        var announcing = new Announcer([source], new ProviderTable(new ProviderFile(Path.GetTempPath()), NullLogger.Instance, TimeProvider.System), _inputs.Writer).RunAsync(AnnouncementSet.Empty, _stop.Token);
        var wanted = AgentConfig.Default with { Announce = [IPNetwork.Parse("10.64.1.0/24")] };

        Assert.Null(await new ConfigReload(AgentConfig.Default, () => wanted with { Site = "elsewhere" }, source, _ => { }, _inputs.Writer, _loop!).ReloadAsync(_stop.Token));
        var generation = await new ConfigReload(AgentConfig.Default, () => wanted, source, _ => { }, _inputs.Writer, _loop!).ReloadAsync(_stop.Token);

        Assert.Equal(_loop!.State.Wanted.Generation, generation);
        Assert.Contains(wanted.Announce[0], _loop.State.Plan!.Routing!.Networks.Select(network => network.Prefix));
        Assert.Equal(wanted.Announce, _loop.State.Announced);
        await StopAsync(running);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => announcing);
    }

    [Fact]
    public async Task Reload_OtherNeighboursOutside_AreTakenByThisVeryAgent()
    {
        var running = Start(FromDisk(TestMesh.Full(2)));
        await NextPlanAsync();
        var source = new ConfiguredAnnouncements([]);
        var announcing = new Announcer([source], new ProviderTable(new ProviderFile(Path.GetTempPath()), NullLogger.Instance, TimeProvider.System), _inputs.Writer).RunAsync(AnnouncementSet.Empty, _stop.Token);
        var wanted = AgentConfig.Default with { Neighbors = [new ExternalNeighbor { Address = IPAddress.Parse("203.0.113.1"), RemoteAs = new(64512) }] };

        var generation = await new ConfigReload(AgentConfig.Default, () => wanted, source, _ => { }, _inputs.Writer, _loop!).ReloadAsync(_stop.Token);
        Assert.Equal(_loop!.State.Wanted.Generation, generation);
        Assert.Equal(wanted.Neighbors, _loop.State.Plan!.Routing!.ExternalNeighbors);

        await new ConfigReload(AgentConfig.Default, () => AgentConfig.Default, source, _ => { }, _inputs.Writer, _loop!).ReloadAsync(_stop.Token);
        Assert.Empty(_loop.State.Plan!.Routing!.ExternalNeighbors);
        await StopAsync(running);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => announcing);
    }

    [Fact]
    public async Task Run_NodeRemovedFromTheMap_LeavesThePlan()
    {
        var running = Start(FromDisk(TestMesh.Full(3)));
        await NextPlanAsync();
        Tell(new LinkEvent.MapReceived(TestMesh.Full(2) with { Revision = 8 }));
        Assert.Single((await NextPlanAsync()).WireGuard.Peers);
        await StopAsync(running);
        Assert.Equal(2, new MapFile(_directory).Load(out _)!.Nodes.Count);
    }

    [Fact]
    public async Task Run_MapThatNoLongerKnowsThisNode_KeepsTheLastPlan()
    {
        var running = Start(FromDisk(TestMesh.Full(3)));
        await NextPlanAsync();
        Tell(new LinkEvent.MapReceived(TestMesh.Of(TestMesh.Node(2)) with { Revision = 8 }));
        Tell(new LinkEvent.StateChanged(LinkState.Refused, "", "removed"));
        await UntilAsync(loop => loop.State.Link == LinkState.Refused);
        Assert.False(_plans.Reader.TryRead(out _));
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_MapHasAnotherNameForThisNode_IsKnownByThat()
    {
        var running = Start(FromDisk(TestMesh.Full(1)));
        Tell(new LinkEvent.MapReceived(TestMesh.Of(TestMesh.Node(1) with { HostName = "renamed" }) with { Revision = 8 }));
        await UntilAsync(_ => new IdentityStore(_directory).Load()?.HostName == "renamed");
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_PrefixThatASourceFound_IsToldOnlyWhereItIsGranted_AndNeedsNoRoute()
    {
        var map = TestMesh.Of(TestMesh.Node(1) with { Grants = [new RouteGrant(System.Net.IPNetwork.Parse("10.224.0.0/16"), 32)] }, TestMesh.Node(2));
        var running = Start(FromDisk(map).WithUnderlay(new UnderlayState([], 1500)), AgentConfig.Default);
        await NextPlanAsync();
        var found = new SourceAnnouncements("table 119", "") { Announcements = [System.Net.IPNetwork.Parse("10.224.0.0/30"), System.Net.IPNetwork.Parse("10.99.0.0/24")] };
        _inputs.Writer.TryWrite(new AgentInput.AnnouncementsChanged(new AnnouncementSet { Sources = [found] }));
        var plan = await NextPlanAsync();
        Assert.Contains("10.224.0.0/30", plan.Routing!.Networks.Select(network => $"{network.Prefix}"));
        Assert.DoesNotContain("10.99.0.0/24", plan.Routing!.Networks.Select(network => $"{network.Prefix}"));
        Assert.Contains("10.224.0.0/16", plan.Kernel.Unreachable.Select(prefix => $"{prefix}")); // what lies in no block must not leave in clear text
        Assert.Empty(plan.Warnings);
        Assert.Equal(2, _loop!.State.Announced.Length); // the controller is told of both
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_RestoredStore_KeepsWhatItLacksForTenMinutes()
    {
        var running = Start(FromDisk(TestMesh.Full(4)));
        await NextPlanAsync();
        var restored = TestMesh.Full(2) with { StoreId = "restored", Tombstones = [new(4)] };
        Tell(new LinkEvent.MapReceived(restored));
        Assert.Equal([2u, 3u], (await NextPlanAsync()).WireGuard.Peers.Select(peer => peer.Node.Value));
        _time.Advance(TimeSpan.FromMinutes(9));
        Tell(new LinkEvent.MapReceived(restored with { Revision = 20 }));
        Assert.Equal([2u, 3u], (await NextPlanAsync()).WireGuard.Peers.Select(peer => peer.Node.Value));
        _time.Advance(TimeSpan.FromMinutes(2));
        _inputs.Writer.TryWrite(new AgentInput.Tick());
        Assert.Equal([2u], (await NextPlanAsync()).WireGuard.Peers.Select(peer => peer.Node.Value));
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_MapOlderThanItsBound_LeavesTheMeshUntilAControllerIsHeard()
    {
        var config = AgentConfig.Default with { MapMaxAge = TimeSpan.FromHours(1) };
        var running = Start(FromDisk(TestMesh.Full(3)), config);
        Assert.Equal(2, (await NextPlanAsync()).WireGuard.Peers.Length);
        _time.Advance(TimeSpan.FromHours(2));
        _inputs.Writer.TryWrite(new AgentInput.Tick());
        Assert.Empty((await NextPlanAsync()).WireGuard.Peers);
        Tell(new LinkEvent.StateChanged(LinkState.Connected, "c:1", ""));
        Tell(new LinkEvent.MapReceived(TestMesh.Full(3) with { Revision = 9 }));
        Assert.Equal(2, (await NextPlanAsync()).WireGuard.Peers.Length);
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_MapOlderThanItsBound_StillGuardsWhatIsGranted()
    {
        var map = TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2).Granted("10.64.2.0/24"));
        var running = Start(FromDisk(map), AgentConfig.Default with { MapMaxAge = TimeSpan.FromHours(1) });
        var before = await NextPlanAsync();
        _time.Advance(TimeSpan.FromHours(2));
        _inputs.Writer.TryWrite(new AgentInput.Tick());
        Assert.Equal(before.Kernel.Unreachable, (await NextPlanAsync()).Kernel.Unreachable);
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_MapByWhichNoPlanCanBeMade_KeepsTheFormerPlanAndSaysSoUntilItIsMended()
    {
        var running = Start(FromDisk(TestMesh.Full(3)));
        await NextPlanAsync();
        Tell(new LinkEvent.MapReceived(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2) with { WireGuardKeys = [] }) with { Revision = 8 }));
        await UntilAsync(loop => loop.State.PlanProblem.Length > 0);
        Assert.Equal(2, _loop!.State.Plan!.WireGuard.Peers.Length);

        Tell(new LinkEvent.MapReceived(TestMesh.Full(2) with { Revision = 9 }));
        Assert.Single((await NextPlanAsync()).WireGuard.Peers);
        Assert.Equal("", _loop.State.PlanProblem);
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_AnnouncedPrefixLosesItsRoute_IsWithdrawnUntilThereIsOneAgain()
    {
        var prefix = System.Net.IPNetwork.Parse("10.64.1.0/24");
        UnderlayState Underlay(int length) => new([], 1500) { Announced = [new AnnouncedReach(prefix, length, "", IsLost: false)] };
        var map = TestMesh.Of(TestMesh.Node(1).Granted("10.64.1.0/24"), TestMesh.Node(2));
        var running = Start(FromDisk(map).WithUnderlay(Underlay(0)), AgentConfig.Default with { Announce = [prefix] });
        Assert.Contains(prefix, (await NextPlanAsync()).Routing!.Networks.Select(network => network.Prefix)); // by the default route, as far as is known
        _inputs.Writer.TryWrite(new AgentInput.UnderlayChanged(Underlay(24)));
        Assert.Contains(prefix, (await NextPlanAsync()).Routing!.Networks.Select(network => network.Prefix));
        _inputs.Writer.TryWrite(new AgentInput.UnderlayChanged(Underlay(0)));
        Assert.DoesNotContain(prefix, (await NextPlanAsync()).Routing!.Networks.Select(network => network.Prefix));
        _inputs.Writer.TryWrite(new AgentInput.UnderlayChanged(Underlay(24)));
        Assert.Contains(prefix, (await NextPlanAsync()).Routing!.Networks.Select(network => network.Prefix));
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_RestoredStore_WhatIsRetainedIsOnTheDiskUntilItIsOver()
    {
        var running = Start(FromDisk(TestMesh.Full(4)));
        Tell(new LinkEvent.MapReceived(TestMesh.Full(2) with { StoreId = "restored" }));
        await UntilAsync(_ => MapFile.OfRetained(_directory).Load(out var _)?.Nodes.Count == 4);
        _time.Advance(TimeSpan.FromMinutes(11));
        await UntilAsync(_ =>
        {
            _inputs.Writer.TryWrite(new AgentInput.Tick()); // one that comes while it writes does nothing
            return !File.Exists(MapFile.OfRetained(_directory).FilePath);
        });
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_ClockIsSetBack_SavesTheMapAsBefore()
    {
        var running = Start(FromDisk(TestMesh.Full(3)));
        Tell(new LinkEvent.MapReceived(TestMesh.Full(2) with { Revision = 8 }));
        await UntilAsync(_ => Saved() == 2);
        _time.SetBack(TimeSpan.FromHours(9));
        _time.Advance(TimeSpan.FromSeconds(3));
        Tell(new LinkEvent.MapReceived(TestMesh.Full(4) with { Revision = 9 }));
        await UntilAsync(_ =>
        {
            _inputs.Writer.TryWrite(new AgentInput.Tick()); // the write before may not have ended yet
            return Saved() == 4;
        });
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_Notice_IsShownUntilAControllerLetsUsInAnew()
    {
        var running = Start(FromDisk(TestMesh.Full(1)));
        Tell(new LinkEvent.NoticeReceived("Removed", "An administrator removed this node."));
        await UntilAsync(loop => loop.State.Notices.Count == 1);
        Tell(new LinkEvent.StateChanged(LinkState.Connected, "c:1", ""));
        await UntilAsync(loop => loop.State.Notices.IsEmpty);
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_NoticeThatIsOver_IsShownNoMore()
    {
        var running = Start(FromDisk(TestMesh.Full(1)));
        Tell(new LinkEvent.NoticeReceived("NotGranted", "Announced, not granted: 10.64.0.0/24."));
        Tell(new LinkEvent.NoticeReceived("CopiedState", "Two machines."));
        await UntilAsync(loop => loop.State.Notices.Count == 2);
        Tell(new LinkEvent.NoticeReceived("NotGranted", ""));
        await UntilAsync(loop => loop.State.Notices.Values.SequenceEqual(["Two machines."]));
        await StopAsync(running);
    }

    private int? Saved() => new MapFile(_directory).Load(out _)?.Nodes.Count;

    private AgentLoop? _loop;

    private Task Start(AgentState initial, AgentConfig? config = null)
    {
        config ??= AgentConfig.Default;
        var numbers = TestMesh.Node(1);
        var identity = IdentityFactory.Create("n1", _time) with
        {
            Credential = "jwt",
            Numbers = new NodeNumbers(numbers.Id, numbers.Address4, numbers.Address6, numbers.TunnelAddress, numbers.Asn),
        };
        var identities = new IdentityKeeper(new IdentityStore(_directory), identity, NullLogger.Instance);
        var reporter = new StateReporter(config, identities, _time, _ => null);
        var parts = new AgentLoopParts(
            new StatePlanner(config, identities, new NodeCapabilities()), reporter, new ReportBoard(reporter.Report(new AgentState())), identities,
            new KeyChanger(identities, maxAge: null, NullLogger.Instance, _time),
            new MapSaver(new MapFile(_directory), MapFile.OfRetained(_directory), NullLogger.Instance, _time), wanted => _plans.Writer.TryWrite(wanted.Plan!));
        _loop = new AgentLoop(parts, NullLogger.Instance, _time);
        initial = initial with { Announcements = new AnnouncementSet { Sources = [new ConfiguredAnnouncements(config.Announce).Current] } };
        return _loop.RunAsync(initial, _inputs.Reader, _stop.Token);
    }

    private AgentState FromDisk(MeshMap map) => new AgentState { LastHeard = _time.GetUtcNow() }.WithMap(map, retained: null);

    private void Tell(LinkEvent message) => _inputs.Writer.TryWrite(new AgentInput.FromController(message));

    private async Task<NodePlan> NextPlanAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        return await _plans.Reader.ReadAsync(limit.Token);
    }

    private async Task UntilAsync(Func<AgentLoop, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        while (!condition(_loop!))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, limit.Token);
    }

    private async Task StopAsync(Task running)
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }
}
