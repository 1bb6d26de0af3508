using System.Collections.Immutable;
using Meshover.Controller.Changes;
using Meshover.Controller.State;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Topology;

namespace Meshover.Controller.Live;

/// <summary>
/// Turns what nodes report into the map: where something changed, at most each 100 ms, the reach of the nodes concerned is planned anew,
/// the transit nodes are elected, and the differences are committed as one change.
/// </summary>
internal sealed partial class TopologyKeeper(MeshDirectory directory, LiveNodes live, TimeProvider time, ILogger<TopologyKeeper> log)
    : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    // Some things are due with time alone: a node whose turn comes later, a mesh that has settled.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // A mesh of so many may be one where not all are transit nodes (TopologyPlanner).
    private const int SmallMesh = 12;

    private readonly GrantNotices _notices = new(live);
    private readonly TwiceNotices _twice = new(live);
    private readonly SharedPrefixNotices _shared = new(live);
    private readonly ReachPace _pace = new(time);
    private readonly Settling _settling = new(time);
    private readonly MemberModels _models = new();
    private bool? _wasSmall;

    /// <summary>Whether a newcomer is a transit node until it is planned: so in a small mesh, where all are. It saves everybody a change of routes.</summary>
    public static bool IsTransitAtFirst(MeshState state)
    {
        var members = state.Nodes.Values.Where(node => node.IsActive);
        return state.CountOf(StoreKeys.HostNameFolder) < SmallMesh && members.All(node => node.Reach.Transit || node.Reach.Role == TransitRole.Never);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var seen = (Revision: -1L, _settling.IsOn, _settling.SparesTransits);
        for (var pause = Pace; ; await Task.Delay(pause, time, stoppingToken))
        {
            await AnythingAsync(seen.Revision, stoppingToken);
            var began = time.GetTimestamp();
            var state = directory.State;
            _settling.Look(live.State.Online, state.CountOf(StoreKeys.HostNameFolder));
            var now = (state.MapRevision, _settling.IsOn, _settling.SparesTransits);
            uint[] dirty = seen.IsOn == now.IsOn ? [.. live.TakeDirty().Union(_pace.TakeDue())] : [.. state.Nodes.Keys.Union(live.TakeDirty())];
            if (dirty.Length == 0 && now == seen)
                continue;
            seen = now;
            try
            {
                await UpdateAsync(state, dirty, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(log, e);
                foreach (var node in dirty)
                    live.MarkDirty(node);
            }
            // In a large mesh that changes all the time this must stay a small part of the work.
            var spent = time.GetElapsedTime(began);
            pause = spent * 4 > Pace ? spent * 4 : Pace;
        }
    }

    // In a mesh where nothing happens this sleeps.
    private async Task AnythingAsync(long seen, CancellationToken cancel)
    {
        var state = directory.State;
        if (state.MapRevision != seen)
            return;
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var change = directory.WaitBeyondAsync(state.Revision, waiting.Token);
        await Task.WhenAny(live.Stirred, change, Task.Delay(Patience, time, waiting.Token));
        await waiting.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    private async Task UpdateAsync(MeshState state, uint[] dirty, CancellationToken cancel)
    {
        var now = live.State;
        var planned = dirty.Select(state.Member).OfType<NodeEntry>()
            .ToDictionary(node => node.Record.Id, node => PlanReach(state, now, node));
        var members = state.Nodes.Values.Where(node => node.IsActive).ToList();
        var transits = Elect(now, members, planned);
        var changed = new Dictionary<uint, ReachRecord>();
        foreach (var node in members)
        {
            var kept = node.Reach with { Transit = transits.Contains(new(node.Record.Id)) };
            var wanted = planned.GetValueOrDefault(node.Record.Id, node.Reach) with { Transit = kept.Transit };
            var reach = wanted == kept || _pace.TryTake(node.Record.Id) ? wanted : kept;
            if (reach != node.Reach)
                changed[node.Record.Id] = reach;
        }
        _pace.Trim();
        foreach (var gone in dirty.Where(id => state.Member(id) is null))
        {
            live.Forget(gone);
            _notices.Forget(gone);
            _twice.Forget(gone);
            _shared.Forget(gone);
            _models.Forget(gone);
        }
        _notices.Tell(members);
        _twice.Tell(members);
        _shared.Tell(members);
        if (changed.Count > 0)
        {
            var overtaken = await directory.ChangeAsync(new Cause(Actor.Controller, Operation.Plan, Reason.None), draft => Write(draft, state, changed), cancel);
            overtaken.Value.ForEach(live.MarkDirty);
        }
    }

    private ReachRecord PlanReach(MeshState state, LiveState now, NodeEntry node) =>
        now.Node(node.Record.Id) is { IsOnline: true } online
            ? ReachPlanner.Plan(state.Mesh, node.Record.Grants, online.Report, new SeenSource(online.Source), SeenByPeers(now, node), node.Reach)
            : node.Reach;

    private IEnumerable<SeenPlace> SeenByPeers(LiveState now, NodeEntry node)
    {
        var seen = now.SeenByPeers(node.Record.Id);
        return _settling.IsOn ? SeenEndpoints.StillTold(seen, node.Reach.Endpoints) : seen;
    }

    private ImmutableSortedSet<NodeId> Elect(LiveState now, List<NodeEntry> members, Dictionary<uint, ReachRecord> planned)
    {
        _wasSmall ??= members.TrueForAll(node => node.Reach.Transit || node.Reach.Role == TransitRole.Never);
        var nodes = members.ConvertAll(node =>
        {
            var reach = planned.GetValueOrDefault(node.Record.Id, node.Reach);
            var heard = now.Node(node.Record.Id);
            var isAwaited = _settling.IsOn || (_settling.SparesTransits && heard is null or { IsLastKnown: true } && node.Reach.Transit);
            return new TopologyNode(_models.Of(node.Record, reach), reach.Role, isAwaited || heard is { IsOnline: true }, heard?.Report.LinksUp ?? 0);
        });
        var plan = TopologyPlanner.Plan(nodes, _wasSmall.Value);
        _wasSmall = plan.IsSmall;
        return plan.Transits;
    }

    /// <summary>Writes what was planned of a state. A node may have gone since; where another has written its reach, that holds.</summary>
    /// <returns>Whose that is: to be planned anew.</returns>
    internal static List<uint> Write(Draft draft, MeshState planned, Dictionary<uint, ReachRecord> changed)
    {
        var overtaken = new List<uint>();
        foreach (var (id, reach) in changed.Where(pair => draft.State.Member(pair.Key) is not null))
        {
            if (draft.IsAsIn(planned, StoreKeys.Reach(id)))
                draft.Put(StoreKeys.Reach(id), reach);
            else
                overtaken.Add(id);
        }
        return overtaken;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The topology could not be updated; trying again")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
