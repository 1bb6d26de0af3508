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
/// here is found by its gratuitous ARP or unsolicited NA, or when it asks for its gateway (any other packet makes no neighbour of it); see
/// docs/decisions/061 for what happens at its former place.
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

    /// <summary>After a restart all are silent at once; each is asked in vain three times.</summary>
    private const int MostProbesPerSecond = 100;

    /// <summary>ENOENT: it went away this moment, of which the kernel tells.</summary>
    private const int NoSuchEntry = 2;

    private readonly Dictionary<IPAddress, Host> _hosts = [];
    private readonly FreshBudget _budget = new();
    private (TimeSpan Begun, int Count) _probes = (TimeSpan.MinValue, 0);
    private string? _probeProblem;
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
        var neighbours = NeighboursOn(link, netlink);
        Follow(neighbours.Where(neighbour => neighbour.IsAlive).ToDictionary(neighbour => neighbour.Address));
        // The kernel does not listen to an unsolicited NA of one that has failed (ndisc_recv_na in its net/ipv6/ndisc.c), so it would not come back.
        foreach (var failed in neighbours.Where(neighbour => neighbour.IsFailed && neighbour.Address.AddressFamily == AddressFamily.InterNetworkV6))
            _ = Try(() => netlink.DeleteNeighbour(failed)); // it may be gone; else the next look tries again
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

    /// <summary>
    /// A long dump is made in parts, and where the table changes between two of them, an entry may be told twice or not at all. So one that is missed is
    /// looked for once more: it is withdrawn only where two dumps have it not.
    /// </summary>
    private Dictionary<IPAddress, NeighbourInfo>.ValueCollection NeighboursOn(LinkInfo link, IRouteNetlink netlink)
    {
        var seen = new Dictionary<IPAddress, NeighbourInfo>();
        Dump();
        if (!_hasLooked || _hosts.Keys.Any(address => !seen.ContainsKey(address)))
            Dump();
        return seen.Values;

        void Dump()
        {
            foreach (var neighbour in netlink.GetNeighbours())
            {
                if (neighbour.LinkIndex == link.Index && !neighbour.IsLearnedElsewhere && IsMeant(neighbour.Address))
                    seen[neighbour.Address] = neighbour;
            }
        }
    }

    private void Follow(Dictionary<IPAddress, NeighbourInfo> living)
    {
        var now = time.Uptime();
        _budget.Forget(now);
        foreach (var gone in _hosts.Keys.Where(address => !living.ContainsKey(address)).ToList())
            _hosts.Remove(gone);
        foreach (var neighbour in living.Values)
        {
            if (!_hosts.TryGetValue(neighbour.Address, out var host))
                _hosts[neighbour.Address] = host = new Host(neighbour, now) { SettlesAt = _hasLooked ? SettlesAt(neighbour, now) : now };
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
        else if (host.ElsewhereSince is null)
            (host.ElsewhereSince, host.MustProbe, host.AskedAt, host.IsAnswered) = (now, !host.Neighbour.IsPermanent, null, host.Neighbour.IsPermanent);
        else if (host is { IsAnswered: false, AskedAt: { } asked, Neighbour.IsProbed: false })
        {
            if (now - asked < AnswerTakes)
                host.IsAnswered = true;
            else
                (host.SettlesAt, host.ElsewhereSince) = (SettlesAt(host.Neighbour, now), null);
        }
    }

    private TimeSpan SettlesAt(NeighbourInfo neighbour, TimeSpan now) => _budget.TryTake(Mac(neighbour.HardwareAddress), now) ? now + FreshFor() : now;

    private static TimeSpan FreshFor() => FreshAtLeast + (FreshSpread * (RandomNumberGenerator.GetInt32(1000) / 1000.0));

    private void Probe(IRouteNetlink netlink)
    {
        var now = time.Uptime();
        if (_probes.Begun == TimeSpan.MinValue || now - _probes.Begun >= TimeSpan.FromSeconds(1))
            _probes = (now, 0);
        // One that is permanent would be so no more, and then fail. Those that another node has come first.
        var due = _hosts.Values.Where(host => !host.Neighbour.IsPermanent && (host.MustProbe || (host.Neighbour.IsStale && now - host.StaleSince > ProbeAfter)))
            .OrderByDescending(host => host.MustProbe).Take(MostProbesPerSecond - _probes.Count).ToList();
        _probes.Count += due.Count;
        if (due.Count > 0)
            _probeProblem = null;
        foreach (var host in due)
        {
            var failure = Try(() => netlink.ProbeNeighbour(host.Neighbour));
            (host.MustProbe, host.StaleSince, host.AskedAt) = (failure is not null, now, failure is null ? now : null);
            if (failure is { ErrorNumber: not NoSuchEntry })
                _probeProblem ??= failure.Message;
        }
    }

    /// <returns>Why it could not be done; null: it was.</returns>
    private static NetlinkException? Try(Action change)
    {
        try
        {
            change();
            return null;
        }
        catch (NetlinkException e) when (e is not NetlinkFormatException)
        {
            return e;
        }
    }

    protected override ImmutableArray<Announcement> Keep(ImmutableArray<Announcement> announced)
    {
        var now = time.Uptime();
        return [.. announced.Select(host => host with { Yields = host.Yields || !_hosts.TryGetValue(host.Prefix.BaseAddress, out var known) || now >= known.SettlesAt })];
    }

    private static bool IsDueAt(Host host, TimeSpan now) =>
        host.MustProbe || (host.IsFresh && now >= host.SettlesAt)
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
            // A packet to it would go by the default route, in clear text, and a guard of the whole grant would have to go for it.
            if (length == 0)
                found.LeaveOut("outside the interface's own prefixes");
            else
                found.Add(new Announcement(Prefixes.Host(address)) { Yields = !host.IsFresh, ReachedBy = length });
        }
        foreach (var greedy in _budget.Exceeded)
            found.Note($"{greedy} brought more than {FreshBudget.Most} addresses within a minute; the others yield to other nodes from the beginning");
        if (_probeProblem is { } problem)
            found.Note($"not all can be asked whether they are there: {problem}");
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

        /// <summary>When the kernel took it to ask it, last.</summary>
        public TimeSpan? AskedAt { get; set; }

        /// <summary>Another node announces it, and comes first.</summary>
        public TimeSpan? ElsewhereSince { get; set; }

        /// <summary>Although it is elsewhere, it was asked here, and answered.</summary>
        public bool IsAnswered { get; set; }
        public bool IsNamed { get; set; }

        public bool IsTwiceAt(TimeSpan now) => IsAnswered && now - ElsewhereSince > NamedAfter;
    }
}
