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

    // After a start nobody is connected yet; electing by that would move every route of the mesh.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    // A mesh of so many may be one where not all are transit nodes (TopologyPlanner).
    private const int SmallMesh = 12;

    private readonly GrantNotices _notices = new(live);
    private bool? _wasSmall;

    /// <summary>Whether a newcomer is a transit node until it is planned: so in a small mesh, where all are. It saves everybody a change of routes.</summary>
    public static bool IsTransitAtFirst(MeshState state)
    {
        var members = state.Nodes.Values.Where(node => node.IsActive);
        return state.CountOf(StoreKeys.HostNameFolder) < SmallMesh && members.All(node => node.Reach.Transit || node.Reach.Role == TransitRole.Never);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = time.GetTimestamp();
        var seen = (Revision: -1L, Settling: true);
        for (var pause = Pace; ; await Task.Delay(pause, time, stoppingToken))
        {
            var began = time.GetTimestamp();
            var state = directory.State;
            var dirty = live.TakeDirty();
            var now = (state.MapRevision, time.GetElapsedTime(started) < Settling);
            if (dirty.Length == 0 && now == seen)
                continue;
            seen = now;
            try
            {
                await UpdateAsync(state, dirty, seen.Settling, stoppingToken);
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

    private async Task UpdateAsync(MeshState state, uint[] dirty, bool settling, CancellationToken cancel)
    {
        var planned = dirty.Select(state.Member).OfType<NodeEntry>()
            .ToDictionary(node => node.Record.Id, node => PlanReach(state, node));
        var members = state.Nodes.Values.Where(node => node.IsActive).ToList();
        var transits = Elect(members, planned, settling);
        var changed = new Dictionary<uint, ReachRecord>();
        foreach (var node in members)
        {
            var reach = planned.GetValueOrDefault(node.Record.Id, node.Reach) with { Transit = transits.Contains(new(node.Record.Id)) };
            if (reach != node.Reach)
                changed[node.Record.Id] = reach;
        }
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
            ? ReachPlanner.Plan(state.Mesh, node.Record.Grants, view.Report, new SeenSource(view.Source), live.SeenByPeers(node.Record.Id), node.Reach)
            : node.Reach;

    private ImmutableSortedSet<NodeId> Elect(List<NodeEntry> members, Dictionary<uint, ReachRecord> planned, bool settling)
    {
        _wasSmall ??= members.TrueForAll(node => node.Reach.Transit || node.Reach.Role == TransitRole.Never);
        var nodes = members.ConvertAll(node =>
        {
            var reach = planned.GetValueOrDefault(node.Record.Id, node.Reach);
            var view = live.View(node.Record.Id);
            return new TopologyNode(
                MapModel.ToMeshNode(node with { Reach = reach }), reach.Role, settling || view is { IsOnline: true }, view?.Report.LinksUp.Count ?? 0);
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
