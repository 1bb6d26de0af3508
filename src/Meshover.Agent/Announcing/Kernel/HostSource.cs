using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing.Kernel;

/// <summary>
/// The hosts on a bridge, such as virtual machines, that the kernel has as its neighbours there: a /32 or /128 for each that lives. A host that moves
/// here is found by its gratuitous ARP, its unsolicited NA or its first packet; see docs/decisions/061 for what happens at its former place.
/// </summary>
internal sealed class HostSource(WorkloadNetwork network, TimeProvider time) : KernelSource($"workloads {network.Interface}")
{
    /// <summary>A host that is silent for so long is probed.</summary>
    private static readonly TimeSpan ProbeAfter = TimeSpan.FromSeconds(10);

    /// <summary>One that is there answers sooner. What is heard later is no answer, but somebody who was away and is back.</summary>
    private static readonly TimeSpan AnswerTakes = TimeSpan.FromMilliseconds(500);

    /// <summary>Of a host that another node has, too, it is said then: while it moves, both may have it for a moment.</summary>
    private static readonly TimeSpan NamedAfter = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FreshAtLeast = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FreshSpread = TimeSpan.FromSeconds(2);
    private const int MostNamed = 5;

    private readonly Dictionary<IPAddress, Host> _hosts = [];
    private volatile int _index;
    private bool _hasLooked;

    /// <summary>Who lives on the bridge is told by its neighbour table.</summary>
    public override bool HearsNeighbours => true;

    public override bool IsDue => _hosts.Values.Any(host => IsDueAt(host, time.Uptime()));

    protected override bool Concerns(RouteEvent change) => change switch
    {
        NeighbourEvent { Neighbour: var neighbour } => neighbour.LinkIndex == _index && IsMeant(neighbour.Address),
        RouteChangeEvent { Route: { Protocol: RouteProtocols.Bgp, Table: RouteInfo.MainTable } route } => IsHostRoute(route),
        LinkEvent { Link: var link } => link.Name == network.Interface || link.Index == _index,
        AddressEvent { Address: var address } => address.LinkIndex == _index,
        _ => false,
    };

    protected override FoundPrefixes Look(IRouteNetlink netlink)
    {
        var link = netlink.FindLink(network.Interface);
        // Before the neighbours are read: what changes from then on is heard.
        _index = link?.Index ?? 0;
        if (link is not { IsUp: true })
        {
            _hosts.Clear();
            return new FoundPrefixes(link is null ? "there is no interface of that name; nothing is announced until it comes" : "the interface is down; nothing is announced until it is up");
        }
        var neighbours = netlink.GetNeighbours().Where(neighbour => neighbour.LinkIndex == link.Index && IsMeant(neighbour.Address)).ToList();
        Follow(neighbours.Where(neighbour => neighbour.IsAlive));
        // The kernel does not listen to an unsolicited NA of one that has failed (ndisc_recv_na in its net/ipv6/ndisc.c), so it would not come back.
        foreach (var failed in neighbours.Where(neighbour => neighbour.IsFailed && neighbour.Address.AddressFamily == AddressFamily.InterNetworkV6))
            Try(() => netlink.DeleteNeighbour(failed));
        var elsewhere = netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp, Table = RouteInfo.MainTable })
            .Where(IsHostRoute).Select(route => route.Destination.BaseAddress).ToHashSet();
        foreach (var host in _hosts.Values)
            SeeElsewhere(host, elsewhere.Contains(host.Neighbour.Address));
        Probe(netlink);
        _hasLooked = true;
        return Found(netlink, link);
    }

    private bool IsMeant(IPAddress address) => network.Prefixes.Any(prefix => prefix.BaseAddress.AddressFamily == address.AddressFamily && prefix.Contains(address));

    private bool IsHostRoute(RouteInfo route) =>
        route.Kind == RouteKind.Unicast && route.Destination == Prefixes.Host(route.Destination.BaseAddress) && IsMeant(route.Destination.BaseAddress);

    private void Follow(IEnumerable<NeighbourInfo> neighbours)
    {
        var now = time.Uptime();
        var living = neighbours.ToDictionary(neighbour => neighbour.Address);
        foreach (var gone in _hosts.Keys.Where(address => !living.ContainsKey(address)).ToList())
            _hosts.Remove(gone);
        foreach (var neighbour in living.Values)
        {
            if (!_hosts.TryGetValue(neighbour.Address, out var host))
                _hosts[neighbour.Address] = host = new Host(neighbour, now) { SettlesAt = _hasLooked ? now + FreshFor() : now };
            if (neighbour.IsStale && !host.Neighbour.IsStale)
                host.StaleSince = now;
            host.Neighbour = neighbour;
        }
    }

    /// <summary>A host that is still fresh is better here than what others say; the route to where it was is on its way out.</summary>
    private void SeeElsewhere(Host host, bool isElsewhere)
    {
        var now = time.Uptime();
        if (!isElsewhere || host.SettlesAt > now)
            (host.ElsewhereSince, host.IsAnswered) = (null, false);
        else if (host.ElsewhereSince is not { } since)
            (host.ElsewhereSince, host.MustProbe) = (now, true);
        else if (!host.IsAnswered && !host.Neighbour.IsProbed)
        {
            if (now - since < AnswerTakes)
                host.IsAnswered = true;
            else
                (host.SettlesAt, host.ElsewhereSince) = (now + FreshFor(), null);
        }
    }

    private static TimeSpan FreshFor() => FreshAtLeast + (FreshSpread * (RandomNumberGenerator.GetInt32(1000) / 1000.0));

    private void Probe(IRouteNetlink netlink)
    {
        var now = time.Uptime();
        foreach (var host in _hosts.Values.Where(host => host.MustProbe || (host.Neighbour.IsStale && now - host.StaleSince > ProbeAfter)))
        {
            (host.MustProbe, host.StaleSince) = (false, now);
            Try(() => netlink.ProbeNeighbour(host.Neighbour));
        }
    }

    private static void Try(Action change)
    {
        try
        {
            change();
        }
        catch (NetlinkException e) when (e is not NetlinkFormatException)
        {
            // It went away this moment: the kernel tells.
        }
    }

    private static bool IsDueAt(Host host, TimeSpan now) =>
        (host.IsFresh && now >= host.SettlesAt)
        || (host.Neighbour.IsStale && now - host.StaleSince > ProbeAfter)
        || (host is { IsAnswered: true, IsNamed: false } && host.IsTwiceAt(now));

    private FoundPrefixes Found(IRouteNetlink netlink, LinkInfo link)
    {
        var now = time.Uptime();
        var onLink = netlink.GetAddresses(link.Index).Select(address => Prefixes.Containing(address.Address, address.PrefixLength)).ToList();
        var found = new FoundPrefixes("nobody lives there");
        foreach (var host in _hosts.Values)
        {
            host.IsFresh = now < host.SettlesAt;
            var address = host.Neighbour.Address;
            var length = onLink.Where(prefix => prefix.BaseAddress.AddressFamily == address.AddressFamily && prefix.Contains(address)).Select(prefix => prefix.PrefixLength).DefaultIfEmpty(0).Max();
            found.Add(new Announcement(Prefixes.Host(address)) { Yields = !host.IsFresh, ReachedBy = length });
        }
        foreach (var host in _hosts.Values)
            host.IsNamed = host.IsTwiceAt(now);
        var twice = _hosts.Values.Where(host => host.IsNamed).ToList();
        if (twice.Count > 0)
            found.NoteTwice(twice.Select(host => Prefixes.Host(host.Neighbour.Address)), $"also at another node, which packets go to: {string.Join(", ", twice.Take(MostNamed).Select(host => $"{host.Neighbour.Address} (here {Mac(host.Neighbour.HardwareAddress)})"))}"
                + (twice.Count > MostNamed ? $" and {twice.Count - MostNamed} more" : "") + "; give one of the two another address");
        return found;
    }

    private static string Mac(ImmutableArray<byte> address) => string.Join(':', address.Select(part => $"{part:x2}"));

    private sealed class Host(NeighbourInfo neighbour, TimeSpan now)
    {
        public NeighbourInfo Neighbour { get; set; } = neighbour;

        /// <summary>From then on another node that announces it wins.</summary>
        public required TimeSpan SettlesAt { get; set; }

        /// <summary>As it was announced last.</summary>
        public bool IsFresh { get; set; }
        public TimeSpan StaleSince { get; set; } = now;
        public bool MustProbe { get; set; }

        /// <summary>Another node announces it, and comes first.</summary>
        public TimeSpan? ElsewhereSince { get; set; }

        /// <summary>Although it is elsewhere, it was asked here, and answered.</summary>
        public bool IsAnswered { get; set; }
        public bool IsNamed { get; set; }

        public bool IsTwiceAt(TimeSpan now) => IsAnswered && now - ElsewhereSince > NamedAfter;
    }
}
