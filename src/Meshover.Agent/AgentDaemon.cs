using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Meshover.Agent.Announcing;
using Meshover.Agent.Draining;
using Meshover.Agent.Announcing.Declared;
using Meshover.Agent.Announcing.Kernel;
using Meshover.Agent.Announcing.Provided;
using Meshover.Agent.Announcing.Speakers;
using Meshover.Agent.Configuration;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Diagnosing;
using Meshover.Agent.Endpoints;
using Meshover.Agent.Events;
using Meshover.Agent.Gathering;
using Meshover.Agent.LocalApi;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Agent.Reporting;
using Meshover.Agent.Scraping;
using Meshover.Agent.Trust;
using Meshover.Linux.Files;
using Meshover.Linux.Icmp;
using Meshover.Linux.Modules;
using Meshover.Linux.Netlink;
using Meshover.Linux.Processes;
using Meshover.Linux.Sysctl;
using Meshover.Linux.WireGuard;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Meshover.Telemetry.Tracing;
using Meshover.WireGuard.Control;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent;

/// <summary>
/// The process <c>meshover agent</c>. Its parts, each a task; only <see cref="AgentLoop"/> owns state:
/// <code>
/// ControllerLinkLoop ─┐                         ┌─> ReconcileWorker (data plane, then kernel), ReconcileWorker (routing, after it)
/// KernelWatcher ──────┼─> inputs ─> AgentLoop ──┼─> EndpointKeeper
/// EndpointKeeper ─────┤   (bounded)             ├─> RttProbe
/// Announcer, workers, ─┘                        └─> ReportBoard ─> ControllerLinkLoop
/// ticks
/// </code>
/// </summary>
public sealed class AgentDaemon : IDisposable
{
    /// <summary>Inputs are coalesced; a full channel only means that the loop is busy, and writers wait.</summary>
    private const int InputCapacity = 256;

    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(2);
    private static readonly ReconcileTimes KernelTimes = new(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1));

    /// <summary>A pass that finds nothing new costs next to nothing; how often FRR is asked, which starts vtysh, the reconciler decides.</summary>
    private static readonly ReconcileTimes RoutingTimes = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));

    private readonly AgentOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _time;
    private const int MostPeersAsked = 8;

    private readonly Channel<AgentInput> _inputs = Channel.CreateBounded<AgentInput>(new BoundedChannelOptions(InputCapacity) { SingleReader = true });
    private readonly IRouteNetlink _netlink;
    private readonly IdentityKeeper _identities;
    private readonly KeyChanger _keys;
    private readonly KernelReconciler _kernel;
    private readonly MapFile _mapFile;
    private readonly MapFile _retainedFile;
    private readonly DataplaneSelection _dataplane;
    private readonly RoutingClient _routing;
    private readonly EndpointKeeper _endpoints;
    private readonly RttProbe _rtt;
    private readonly KernelWatcher _watcher;
    private readonly PacedTurns _sessions;
    private readonly PacedTurns _judged;
    private readonly LinkTeller _links;
    private readonly SessionFalls _falls = new();
    private readonly ConfiguredAnnouncements _configured;
    private readonly AssignedAnnouncements _assigned;
    private readonly DeclaredAnnouncements _declared;
    private readonly DrainKeeper _drain;
    private readonly KernelSources _kernelSources;
    private readonly SpeakerSource? _speakers;
    private readonly ProviderTable _providers;
    private readonly Announcer _announcer;
    private readonly SourceRouteDebt _sourceRoutes;
    private readonly ReconcileWorker<SystemPlan> _system;
    private readonly TemplateFiles _templates;
    private readonly RoutingReconciler? _routingReconciler;
    private readonly ReconcileWorker<RoutingPlan> _frr;
    private readonly ReportBoard _board;
    private readonly MetricsServer? _metrics;
    private readonly StateReporter _reporter;
    private readonly AgentPage _page;
    private readonly Diagnosis _diagnosis;
    private readonly EventLog _events;
    private readonly AgentLoop _loop;

    private AgentDaemon(
        AgentOptions options, NodeIdentity identity, IRouteNetlink netlink, IWireGuardNetlink wireGuard, KernelReconciler kernel, SourceRouteDebt sourceRoutes,
        ILoggerFactory loggers, TimeProvider time)
    {
        (_options, _netlink, _kernel, _sourceRoutes, _loggers, _time) = (options, netlink, kernel, sourceRoutes, loggers, time);
        _identities = new IdentityKeeper(new IdentityStore(options.StateDirectory), identity, Logger<IdentityKeeper>());
        _keys = new KeyChanger(_identities, options.Config.RotateKeyAfter, Logger<KeyChanger>(), time);
        _mapFile = new MapFile(options.StateDirectory);
        _retainedFile = MapFile.OfRetained(options.StateDirectory);
        var engine = new DataplaneClient(Path.Combine(options.RuntimeDirectory, "dataplane.sock"));
        var inKernel = new KernelDataplane(netlink, wireGuard, SysctlMemory.In(options.StateDirectory, new KernelSysctls()), time);
        _dataplane = DataplaneSelection.Of(options.Config.Dataplane, netlink, inKernel, new UserspaceDataplane(engine, netlink));
        _routing = new RoutingClient(Path.Combine(options.RuntimeDirectory, "routing.sock"));
        _endpoints = new EndpointKeeper(_dataplane.Chosen, _inputs.Writer, Logger<EndpointKeeper>(), time);
        _judged = new PacedTurns(TellOfLinks, time);
        _links = new LinkTeller(new LinkFile(options.StateDirectory), links => _inputs.Writer.TryWrite(new AgentInput.LinksJudged(links)));
        _rtt = new RttProbe(netlink, Logger<RttProbe>(), time) { QualityChanged = options.Config.MeasuresLinks ? _judged.Ask : null };
        _templates = new TemplateFiles(options.Config.Templates);
        _routingReconciler = options.Config.Routing == RoutingChoice.Off ? null : new RoutingReconciler(_routing, options.Config.Frr, _templates, sourceRoutes, time);
        _system = new ReconcileWorker<SystemPlan>(System(), KernelTimes, _inputs.Writer, Logger<KernelReconciler>(), time) { AfterPass = SeeSourceRoutesAsync };
        IReconciler<RoutingPlan> routing = _routingReconciler is null ? new AbsentComponent<RoutingPlan>(Wanted.Routing) : _routingReconciler;
        _frr = new ReconcileWorker<RoutingPlan>([routing], RoutingTimes, _inputs.Writer, Logger<RoutingReconciler>(), time)
        {
            // For bgpd wants addresses and links when it starts.
            BeforePass = _system.WaitForPassAsync,
            AfterPass = SeeRoutingAsync,
        };
        _configured = new ConfiguredAnnouncements(options.Config.Announce);
        _assigned = new AssignedAnnouncements(options.Config.AnnounceAuto, () => _identities.Current.Numbers?.Id);
        _kernelSources = new KernelSources(SourcesIn(options.Config, time), netlink, Logger<KernelSources>(), time);
        if (options.Config.AnnounceBgp is { } speakers)
            _speakers = new SpeakerSource(speakers, options.Config.AnnounceBgpAs, RouterId, new SpeakerFile(options.StateDirectory), Logger<SpeakerSource>(), time);
        _declared = new DeclaredAnnouncements(
            new AnnouncementStore(options.StateDirectory), _routing.GetPathsAsync, () => _identities.Current.Numbers?.Asn.Value, SomePeers, Logger<DeclaredAnnouncements>(), time);
        _providers = new ProviderTable(new ProviderFile(options.StateDirectory), Logger<ProviderTable>(), time);
        _announcer = new Announcer([_configured, .. options.Config.AnnounceAuto.IsEmpty ? Array.Empty<IAnnouncementSource>() : [_assigned], _declared, .. _kernelSources.Sources, .. _speakers is null ? Array.Empty<IAnnouncementSource>() : [_speakers]], _providers, _inputs.Writer);
        _sessions = new PacedTurns(LookAtSessions, time);
        _watcher = new KernelWatcher(netlink, options.Config.Interfaces, _inputs.Writer, _system.Poke, Logger<KernelWatcher>(), time) { MeshRoutesChanged = _sessions.Ask };
        _page = new AgentPage(options.Config, _rtt.Get, () => _kernel.Gathered);
        _reporter = new StateReporter(options.Config, _identities, time, _rtt.Get, () => _rtt.Tally);
        if (options.Config.MetricsListen is { } listen)
            _metrics = new MetricsServer(listen, Scrape, loggers, time);
        _board = new ReportBoard(_reporter.Report(new AgentState()));
        var capabilities = CapabilityProbe.Look(KernelModules.Read());
        var planner = new StatePlanner(options.Config, _identities, capabilities);
        var saver = new MapSaver(_mapFile, _retainedFile, Logger<MapSaver>(), time);
        _diagnosis = new Diagnosis(_identities, _rtt.Unanswered, new RoutedAddresses(netlink).Read, time);
        _events = new EventLog(new EventFile(options.StateDirectory), Logger<EventLog>(), time);
        var watch = new EventWatch(_diagnosis, _events, _identities, _events.FormerVersion(), () => _kernel.Gathered, time);
        _loop = new AgentLoop(new AgentLoopParts(planner, _reporter, _board, _identities, _keys, saver, Publish) { Diagnose = watch.Look }, Logger<AgentLoop>(), time);
        _drain = new DrainKeeper(options.StateDirectory, _declared, _routing.GetPathsAsync, _loop, _inputs.Writer, Logger<DrainKeeper>(), time);
    }

    /// <summary>Runs until cancelled. The data plane and FRR are never stopped by its end.</summary>
    /// <exception cref="AgentException">It cannot start: no identity, a directory that cannot be written, or another agent on the same state.</exception>
    public static async Task RunAsync(
        AgentOptions options, ILoggerFactory loggerFactory, TimeProvider time, CancellationToken cancellationToken)
    {
        // Before the identity is read: an agent that ends just now may write it once more.
        using var alone = Directory.Exists(options.StateDirectory) ? AgentLock.Take(options.StateDirectory) : null;
        var identity = new IdentityStore(options.StateDirectory).Load();
        if (identity is not { IsEnrolled: true })
            throw new AgentException($"This machine is in no mesh ({options.StateDirectory} holds no enrolled identity). Join one with `meshover up --join STRING`.");
        AtomicFile.Tidy(options.StateDirectory);
        using var traces = Traces.Start(options.Config.OtlpEndpoint, "meshover-agent", AgentHello.Version, identity.HostName);
        using var netlink = new RouteNetlink();
        using var wireGuard = new WireGuardNetlink();
        var sourceRoutes = new SourceRouteDebt(options.RuntimeDirectory);
        using var kernel = new KernelReconciler(new KernelReconcilerOptions
        {
            StateDirectory = options.StateDirectory,
            SourceRoutes = options.Config.Routing == RoutingChoice.Off ? null : sourceRoutes,
        });
        using var daemon = new AgentDaemon(options, identity, netlink, wireGuard, kernel, sourceRoutes, loggerFactory, time);
        await daemon.RunAsync(cancellationToken);
    }

    public void Dispose() => _declared.Dispose();

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        // Before the first plan: what a former agent announced, and is still there, is never withdrawn.
        await _kernelSources.LookFirstAsync(cancellationToken);
        if (_speakers is not null)
            _speakers.Restore();
        else
            new SpeakerFile(_options.StateDirectory).Forget();
        _providers.Restore();
        await _declared.BeginAsync(_options.Config.Announcements, _drain.WasDraining, cancellationToken);
        _watcher.SetSurroundings(Surroundings(plan: null));
        var source = new StatusSource(_loop, _identities, _keys, _dataplane.Chosen, _routing, _rtt, new RoutedAddresses(_netlink), _diagnosis, () => _kernel.Gathered, _metrics, _time);
        var socket = Path.Combine(_options.RuntimeDirectory, "agent.sock");
        using var reload = new ConfigReload(_options.Config, _options.ReadConfig, _configured, _declared.Configure, _inputs.Writer, _loop);
        var desk = new AnnouncementDesk(_declared, _loop, _identities, _time);
        await using var api = await LocalApiServer.StartAsync(socket, source, reload, new FrrPreview(_loop, _templates, _routing), desk, _providers, _drain, _inputs.Writer, _loggers, cancellationToken);
        var initial = LoadState();
        var link = new ControllerLinkLoop(
            _identities, _board, StatusQueries.Desk(source, new NodeOrders(_drain, desk), Logger<StatusSource>(), _time), new ControllerLinkOptions(_options.Config.Controllers), _inputs.Writer, Logger<ControllerLinkLoop>(), _time);
        using var stop = new CancellationTokenSource();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ending = EndAsync(stop, over.Token);
        Task[] parts =
        [
            _loop.RunAsync(initial, _inputs.Reader, stop.Token),
            link.RunAsync(initial.Told, stop.Token),
            _watcher.RunAsync(stop.Token),
            _sessions.RunAsync(stop.Token),
            _judged.RunAsync(stop.Token),
            _announcer.RunAsync(initial.Announcements, stop.Token),
            _declared.RunAsync(stop.Token),
            _drain.RunAsync(stop.Token),
            _assigned.RunAsync(_loop, stop.Token),
            TickAsync(stop.Token),
            _events.RunAsync(stop.Token),
            _system.RunAsync(stop.Token),
            .. Optional(initial.IsGatherFailing, stop.Token),
        ];
        // No part ends by itself; the first that does has failed, and takes the process with it (whoever keeps it starts it again).
        var ended = await Task.WhenAny(parts);
        await over.CancelAsync();
        await ending;
        await Task.WhenAll(parts).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        if (!cancellationToken.IsCancellationRequested)
            await ended;
    }

    /// <summary>When the whole machine ends, what others announce, too, is left to them before the agent ends.</summary>
    private async Task EndAsync(CancellationTokenSource stop, CancellationToken asked)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, _time, asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_options.Config.DrainOnStop > 0 && await MachineStop.IsUnderWayAsync(_time))
            await _drain.ForStopAsync(TimeSpan.FromSeconds(_options.Config.DrainOnStop));
        await stop.CancelAsync();
    }

    private static ImmutableArray<KernelSource> SourcesIn(AgentConfig config, TimeProvider time) =>
    [
        .. config.AnnounceTables.Select(table => new TableSource(table)),
        .. config.AnnounceInterfaces.Select(link => new InterfaceSource(link)),
        .. config.Workloads.Select(network => network.Hosts ? new HostSource(network, time) : (KernelSource)new BridgeSource(network)),
    ];

    // As bgpd has it (RFC 4271 section 4.2: an address of the speaker).
    private IPAddress RouterId() => _identities.Current.Numbers?.Address4 ?? IPAddress.Loopback;

    private IEnumerable<Task> Optional(bool wasFailing, CancellationToken cancellationToken)
    {
        if (!_kernelSources.Sources.IsEmpty)
            yield return _kernelSources.RunAsync(cancellationToken);
        if (_speakers is not null)
            yield return _speakers.RunAsync(cancellationToken);
        if (_options.Config.Dataplane != DataplaneChoice.Off)
        {
            yield return _endpoints.RunAsync(cancellationToken);
            yield return _rtt.RunAsync(cancellationToken);
        }
        if (_options.Config is { Gather.IsEmpty: false, GatherCheck.IsEmpty: false })
            yield return new OutsideCheck(
                _options.Config.GatherCheck, wasFailing, family => new MarkedEcho(family, NodeSettings.Default.FirewallMark), _inputs.Writer, Logger<OutsideCheck>(), _time).RunAsync(cancellationToken);
        if (_metrics is not null)
            yield return _metrics.RunAsync(cancellationToken);
        if (_routingReconciler is not null)
        {
            yield return new LeaseRenewer(_routing, _declared, () => _loop.State, TellRoutingAnew, Logger<LeaseRenewer>(), _time).RunAsync(cancellationToken);
            yield return new RouteStir(_declared, Logger<RouteStir>(), _time).RunAsync(cancellationToken);
        }
        yield return _frr.RunAsync(cancellationToken);
        yield return new TemplateWatch(_templates, _frr.Poke, Logger<TemplateWatch>(), _time).RunAsync(cancellationToken);
    }

    /// <summary>What the last agent left: the map that it followed. The machine itself is looked at by the reconcilers.</summary>
    private AgentState LoadState()
    {
        var map = _mapFile.Load(out var problem);
        if (map is not null && IsOfAnotherMesh(map))
            (map, problem) = (null, $"The map on disk, {_mapFile.FilePath}, belongs to another mesh; a controller's next answer replaces it.");
        _assigned.Look(map);
        var known = _links.Begin(_options.Config.MeasuresLinks && problem is null);
        _rtt.Recall(known);
        var state = new AgentState
        {
            Told = map,
            Map = map,
            LastHeard = map is null ? null : _mapFile.LastHeard(),
            OwnNotices = problem is null ? [] : [problem],
            Announcements = _announcer.Current,
            Neighbors = _options.Config.Neighbors,
            IsGatherFailing = WasFailing(map),
            Drain = _drain.Begin(),
            Links = known,
        };
        var now = _time.GetUtcNow();
        return state.WithRetained(_retainedFile.Load(out _), now - (_retainedFile.LastHeard() ?? now), _time.Uptime()).WithUnderlay(_watcher.Find());
    }

    /// <summary>A way out that was dead is so until its check says otherwise: an agent that starts anew must not call packets into it.</summary>
    private bool WasFailing(MeshMap? map) => _options.Config is { Gather.IsEmpty: false, GatherCheck.IsEmpty: false }
        && _identities.Current.Numbers?.Id is { } self && map?.Nodes.GetValueOrDefault(self) is { Gathers.IsFailing: true };

    /// <summary>A few are enough to know whether BGP has heard of anybody.</summary>
    private ImmutableArray<IPNetwork> SomePeers() =>
        _loop.State is { Plan: { } plan, Map: { } map } ? [.. plan.WireGuard.Peers.Take(MostPeersAsked).Select(peer => map.Nodes.GetValueOrDefault(peer.Node)).OfType<MeshNode>().Select(node => Prefixes.Host(node.Address4))] : [];

    private void TellRoutingAnew()
    {
        _routingReconciler!.Forget();
        _frr.Poke();
    }

    private bool IsOfAnotherMesh(MeshMap map) =>
        _identities.Current.CaPins is { IsEmpty: false } pins && !pins.Intersect(map.Settings.CaPins, StringComparer.Ordinal).Any();

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TickEvery, _time);
        var (fault, unserved) = ((Finding?)null, (Finding?)null);
        var settings = new SettingsWatch(_options.ConfigFile, _options.ReadConfig);
        var names = new NamesDaemonWatch(_options.RuntimeDirectory, () => ProcessIdentity.ReadLive(Path.Combine(_options.RuntimeDirectory, AgentOptions.DnsPid)) is not null, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var room = DirectoryRoom.Of(_options.StateDirectory);
            if (StateDirectory.Fault(_options.StateDirectory, room.IsReadOnly, room.Free, room.FreeFiles, fault) is var now && now != fault)
                await _inputs.Writer.WriteAsync(new AgentInput.StateDirectorySeen(fault = now), cancellationToken);
            if ((_options.Config.Dns ? names.Look() : null) is var seen && seen != unserved)
                await _inputs.Writer.WriteAsync(new AgentInput.NamesSeen(unserved = seen), cancellationToken);
            if (settings.Look() is { } problem)
                await _inputs.Writer.WriteAsync(new AgentInput.SettingsRead(problem), cancellationToken);
            await _inputs.Writer.WriteAsync(new AgentInput.Tick(), cancellationToken);
        }
    }

    /// <summary>Links first, for addresses need them.</summary>
    private ImmutableArray<IReconciler<SystemPlan>> System() =>
        _options.Config.Dataplane == DataplaneChoice.Off
            ? [new AbsentDataplane(_dataplane, _netlink), _kernel]
            : [new DataplaneReconciler(_dataplane, _netlink, _identities), _kernel];

    private void Publish(Wanted wanted)
    {
        var plan = wanted.Plan!;
        _watcher.SetSurroundings(Surroundings(plan));
        _watcher.SetOwners([.. plan.Kernel.Gathering.Ranges.SelectMany(range => range.Owners).Where(owner => !owner.IsSelf).Select(owner => Prefixes.Host(owner.Address))]);
        _endpoints.Post(plan);
        _rtt.Post(plan);
        _system.Post(plan.ForSystem, wanted.SystemSince);
        _frr.Post(plan.ForRouting, wanted.RoutingSince);
    }

    private UnderlaySurroundings Surroundings(NodePlan? plan) => Surroundings(plan, _announcer.Current.Merge());

    // Without hosts on a bridge (they know by what they are reached): thousands, none of which is an address of this machine.
    private UnderlaySurroundings Surroundings(NodePlan? plan, ImmutableArray<AskedAnnouncement> asked) => Surroundings(
        plan, [.. asked.Where(one => one.Announcement.ReachedBy is null).Select(one => one.Announcement.Prefix)], [.. asked.Where(one => one.IsConfigured).Select(one => one.Announcement.Prefix)]);

    private UnderlaySurroundings Surroundings(NodePlan? plan, ImmutableArray<IPNetwork> announced, ImmutableArray<IPNetwork> configured) => new(
        plan is null
            ? announced
            : [.. announced, Prefixes.Host(plan.Kernel.Address4), Prefixes.Host(plan.Kernel.Address6), .. plan.Kernel.Further.Select(Prefixes.Host), plan.Kernel.TunnelPool],
        [
            .. UnderlaySurroundings.AddressesOf(_identities.Current.Controllers),
            .. plan?.WireGuard.Peers.SelectMany(peer => peer.Endpoints).Select(candidate => candidate.EndPoint.Address) ?? [],
        ])
    {
        Announced = configured,
    };

    private ReadOnlyMemory<byte> Scrape() => _page.Build(_loop.State, _reporter.Traffic, _identities.Current, _time.GetUtcNow()).Written;

    private Task SeeSourceRoutesAsync(CancellationToken cancellationToken)
    {
        if (_routingReconciler is not null && _sourceRoutes.Owed is not null)
            _frr.Poke();
        return Task.CompletedTask;
    }

    private void TellOfLinks()
    {
        // While the inputs are full it is told a little later.
        if (!_links.Look(_rtt.Qualities))
            _judged.Ask();
    }

    private void LookAtSessions()
    {
        _routingReconciler?.Hurry();
        _frr.Poke();
    }

    private async Task SeeRoutingAsync(CancellationToken cancellationToken)
    {
        if (_routingReconciler is null)
            return;
        if (_routingReconciler.LastStatus is { State: RoutingState.Running, IsUnread: false } status)
            _rtt.Fell(_falls.Of(status.Neighbors));
        await _inputs.Writer.WriteAsync(new AgentInput.RoutingSeen(_routingReconciler.LastStatus), cancellationToken);
    }

    private ILogger<T> Logger<T>() => _loggers.CreateLogger<T>();
}
