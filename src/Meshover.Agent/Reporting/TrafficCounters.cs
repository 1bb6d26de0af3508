using System.Runtime.InteropServices;
using Meshover.Mesh.Identity;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reporting;

/// <summary>
/// Keeps counters that only grow, out of those of daemons that may start anew. A sum over the peers of the moment would shrink when one leaves, which a
/// reader of counters takes for a restart and counts all of it again. The agent may start anew, too, and its counters begin at 0 then: so what the daemons had counted
/// at its first look is left out. For one caller; anybody may read <see cref="Now"/>.
/// </summary>
internal sealed class TrafficCounters
{
    private readonly Dictionary<string, SteadyCounter> _drops = new(StringComparer.Ordinal);
    private Dictionary<NodeId, (SteadyCounter Rx, SteadyCounter Tx)> _peers = [];
    private SteadyCounter _restarts;
    private DataplaneStatus? _dataplane;
    private RoutingStatus? _routing;
    private Traffic _now = Traffic.None;

    public Traffic Now => Volatile.Read(ref _now);

    /// <summary>Takes what the state has seen last; O(n) where that is new, else nothing.</summary>
    public Traffic Look(AgentState state, List<LinkStanding> links)
    {
        if (state.Routing is { } routing && !ReferenceEquals(routing, _routing))
        {
            if (_routing is null)
                _restarts.Begin(routing.Restarts);
            _routing = routing;
            _restarts.Look(routing.Restarts);
            Volatile.Write(ref _now, _now with { FrrRestarts = _restarts.Total });
        }
        if (state is { Plan: not null, Map: not null, Dataplane: { } dataplane } && !ReferenceEquals(dataplane, _dataplane))
        {
            var isFirst = _dataplane is null;
            _dataplane = dataplane;
            Volatile.Write(ref _now, Count(dataplane, links, isFirst));
        }
        return _now;
    }

    private Traffic Count(DataplaneStatus dataplane, List<LinkStanding> links, bool isFirst)
    {
        var (rx, tx) = (_now.RxBytes ?? 0, _now.TxBytes ?? 0);
        var peers = new Dictionary<NodeId, (SteadyCounter Rx, SteadyCounter Tx)>(links.Count);
        foreach (var link in links)
        {
            var counters = _peers.GetValueOrDefault(link.Peer.Id);
            if (link.Engine is { } engine)
            {
                if (isFirst)
                {
                    counters.Rx.Begin(engine.RxBytes);
                    counters.Tx.Begin(engine.TxBytes);
                }
                (rx, tx) = (rx + counters.Rx.Look(engine.RxBytes), tx + counters.Tx.Look(engine.TxBytes));
            }
            peers[link.Peer.Id] = counters;
        }
        _peers = peers;
        foreach (var (reason, count) in dataplane.Drops)
        {
            ref var drops = ref CollectionsMarshal.GetValueRefOrAddDefault(_drops, reason, out _);
            if (isFirst)
                drops.Begin(count);
            drops.Look(count);
        }
        return _now with
        {
            RxBytes = rx,
            TxBytes = tx,
            Peers = peers.ToDictionary(pair => pair.Key, pair => (pair.Value.Rx.Total, pair.Value.Tx.Total)),
            Drops = _drops.ToDictionary(pair => pair.Key, pair => pair.Value.Total, StringComparer.Ordinal),
        };
    }
}
