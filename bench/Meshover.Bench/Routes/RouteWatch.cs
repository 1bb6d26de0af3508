using System.Net;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Linux.Netlink;

namespace Meshover.Bench.Routes;

/// <summary>
/// BGP's routes in a node's main table, as its kernel tells of them. Who waits for one is told the moment in which the message came, by the clock of <see cref="TimeProvider.System"/>.
/// Where the kernel lost messages all is looked at anew, and what changed meanwhile has the moment of that look.
/// </summary>
internal sealed class RouteWatch : IDisposable
{
    private static readonly RouteFilter Ours = new() { Protocol = RouteProtocols.Bgp, Table = RouteInfo.MainTable };
    private readonly RouteMonitor _monitor;
    private readonly RouteNetlink _netlink;
    private readonly Lock _turn = new();
    private readonly HashSet<IPNetwork> _present = [];
    private readonly Dictionary<(IPNetwork Prefix, bool IsThere), TaskCompletionSource<long>> _awaited = [];
    private readonly Task _following;

    public RouteWatch(LabNode node)
    {
        Node = node;
        _monitor = RouteMonitor.OpenIn(node.Machine.NetworkPath, new RouteMonitorOptions { Links = false, Addresses = false, Rules = false });
        _netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        Resync();
        _following = FollowAsync();
    }

    public LabNode Node { get; }

    /// <summary>When the route was first seen to be there, or to be gone, from now on.</summary>
    public async Task<long> SeenAsync(IPNetwork prefix, bool isThere, TimeSpan patience, CancellationToken ct)
    {
        Task<long> seen;
        lock (_turn)
        {
            if (_present.Contains(prefix) == isThere) return TimeProvider.System.GetTimestamp();
            if (!_awaited.TryGetValue((prefix, isThere), out var waiting))
                _awaited[(prefix, isThere)] = waiting = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            seen = waiting.Task;
        }
        try
        {
            if (await Task.WhenAny(seen, _following).WaitAsync(patience, TimeProvider.System, ct) == _following) await _following;
            return await seen.WaitAsync(TimeSpan.Zero, TimeProvider.System, ct);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"{prefix} is {(isThere ? "not yet" : "still")} in the kernel of {Node.Machine.Name} after {patience.TotalSeconds:0} s", e);
        }
    }

    /// <summary>When the last of them was.</summary>
    public async Task<long> AllSeenAsync(IEnumerable<IPNetwork> prefixes, bool isThere, TimeSpan patience, CancellationToken ct) =>
        (await Task.WhenAll(prefixes.Select(prefix => SeenAsync(prefix, isThere, patience, ct)))).Max();

    /// <summary>How many there are within a range, by a fresh look.</summary>
    public int CountIn(IPNetwork range)
    {
        lock (_turn) return _netlink.GetRoutes(Ours).Count(route => route.Kind == RouteKind.Unicast && range.Contains(route.Destination.BaseAddress));
    }

    public void Dispose()
    {
        _monitor.Dispose();
        lock (_turn) _netlink.Dispose();
    }

    private async Task FollowAsync()
    {
        await foreach (var change in _monitor.ReadAllAsync())
        {
            if (change is ResyncEvent)
                Resync();
            else if (change is RouteChangeEvent { Route: { Kind: RouteKind.Unicast, Protocol: RouteProtocols.Bgp, Table: RouteInfo.MainTable } route } one)
                Take(route.Destination, !one.Deleted);
        }
    }

    private void Resync()
    {
        lock (_turn)
        {
            var now = _netlink.GetRoutes(Ours).Where(route => route.Kind == RouteKind.Unicast).Select(route => route.Destination).ToHashSet();
            foreach (var gone in _present.Except(now).ToList()) Take(gone, isThere: false);
            foreach (var prefix in now) Take(prefix, isThere: true);
        }
    }

    private void Take(IPNetwork prefix, bool isThere)
    {
        var now = TimeProvider.System.GetTimestamp();
        lock (_turn)
        {
            if (isThere) _present.Add(prefix);
            else _present.Remove(prefix);
            if (_awaited.Remove((prefix, isThere), out var waiting)) waiting.TrySetResult(now);
        }
    }
}
