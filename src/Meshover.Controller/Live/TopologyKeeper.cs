using System.Collections.Immutable;
using Meshover.Controller.Changes;
using Meshover.Controller.State;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Topology;

namespace Meshover.Controller.Live;

/// <summary>
/// Turns what nodes report into the map: each 100 ms, where something changed, the reach of the nodes concerned is planned anew, the
/// transit nodes are elected, and the differences are committed as one change.
/// </summary>
internal sealed partial class TopologyKeeper(MeshDirectory directory, LiveNodes live, TimeProvider time, ILogger<TopologyKeeper> log)
    : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    // A mesh of so many may be one where not all are transit nodes (TopologyPlanner).
    private const int SmallMesh = 12;

    private readonly GrantNotices _notices = new(live);
    private readonly ReachPace _pace = new(time);
    private readonly Settling _settling = new(time);
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
            var began = time.GetTimestamp();
            var state = directory.State;
            _settling.Look(live.CountOnline(), state.CountOf(StoreKeys.HostNameFolder));
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

    private async Task UpdateAsync(MeshState state, uint[] dirty, CancellationToken cancel)
    {
        var planned = dirty.Select(state.Member).OfType<NodeEntry>()
            .ToDictionary(node => node.Record.Id, node => PlanReach(state, node));
        var members = state.Nodes.Values.Where(node => node.IsActive).ToList();
        var transits = Elect(members, planned);
        var changed = new Dictionary<uint, ReachRecord>();
        foreach (var node in members)
        {
            var now = node.Reach with { Transit = transits.Contains(new(node.Record.Id)) };
            var wanted = planned.GetValueOrDefault(node.Record.Id, node.Reach) with { Transit = now.Transit };
            var reach = wanted == now || _pace.TryTake(node.Record.Id) ? wanted : now;
            if (reach != node.Reach)
                changed[node.Record.Id] = reach;
        }
        _pace.Trim();
        foreach (var gone in dirty.Where(id => state.Member(id) is null))
        {
            live.Forget(gone);
            _notices.Forget(gone);
        }
        _notices.Tell(members);
        if (changed.Count > 0)
            await directory.ChangeAsync(draft => Write(draft, changed), cancel);
    }

    private ReachRecord PlanReach(MeshState state, NodeEntry node) =>
        live.View(node.Record.Id) is { IsOnline: true } view
            ? ReachPlanner.Plan(state.Mesh, node.Record.Grants, view.Report, new SeenSource(view.Source), SeenByPeers(node), node.Reach)
            : node.Reach;

    private IEnumerable<SeenPlace> SeenByPeers(NodeEntry node)
    {
        var seen = live.SeenByPeers(node.Record.Id);
        return _settling.IsOn ? SeenEndpoints.StillTold(seen, node.Reach.Endpoints) : seen;
    }

    private ImmutableSortedSet<NodeId> Elect(List<NodeEntry> members, Dictionary<uint, ReachRecord> planned)
    {
        _wasSmall ??= members.TrueForAll(node => node.Reach.Transit || node.Reach.Role == TransitRole.Never);
        var nodes = members.ConvertAll(node =>
        {
            var reach = planned.GetValueOrDefault(node.Record.Id, node.Reach);
            var view = live.View(node.Record.Id);
            var isAwaited = _settling.IsOn || (_settling.SparesTransits && view is null && node.Reach.Transit);
            return new TopologyNode(
                MapModel.ToMeshNode(node with { Reach = reach }), reach.Role, isAwaited || view is { IsOnline: true }, view?.Report.LinksUp ?? 0);
        });
        var plan = TopologyPlanner.Plan(nodes, _wasSmall.Value);
        _wasSmall = plan.IsSmall;
        return plan.Transits;
    }

    // A node may have gone since it was planned.
    private static void Write(Draft draft, Dictionary<uint, ReachRecord> changed)
    {
        foreach (var (id, reach) in changed)
        {
            if (draft.State.Member(id) is not null)
                draft.Put(StoreKeys.Reach(id), reach);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The topology could not be updated; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
