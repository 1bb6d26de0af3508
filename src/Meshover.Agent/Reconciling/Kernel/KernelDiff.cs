using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// (what the kernel is, what it is to be) -> the steps between, in this order, each for a reason:
/// <list type="number">
/// <item><c>accept_ra=2</c>, then forwarding: forwarding deletes what came by router advertisement, and no more is heard then;</item>
/// <item>loose <c>rp_filter</c> on the underlay before a route can be learned that covers a peer;</item>
/// <item>the mirror table, then the rules that look into it and into what the machine has behind main, then the rule that prohibits the
/// rest: at no time a marked packet finds a table that is not filled yet;</item>
/// <item>where something is gathered, the firewall, on whose mark gathering's rules rest, then its tables, before its rules look into them; these
/// stand among the others and each is there before the one whose place it takes is removed;</item>
/// <item>the node addresses, which BGP's routes need as their source;</item>
/// <item>the tunnel's address and route, the links' settings and link-local addresses: BGP starts by these;</item>
/// <item>the <c>unreachable</c> routes and the firewall;</item>
/// <item>what a former plan left is removed last.</item>
/// </list>
/// Pure; what is right is not touched.
/// </summary>
internal sealed class KernelDiff
{
    /// <summary>Worse than any other route, and to zebra (its high byte is the distance) never usable, so that it never stands before BGP's.</summary>
    internal const uint UnreachableMetric = 4294967294;

    // IPv6, and so BGP, needs as much (RFC 8200 section 5).
    private const int MinimumMtu = 1280;

    private readonly KernelState _state;
    private readonly SystemPlan _plan;
    private readonly KernelNames _names;
    private readonly Dictionary<string, LinkInfo> _links;
    private readonly Dictionary<int, string> _linkNames;
    private readonly ILookup<int, AddressInfo> _addresses;
    private readonly List<KernelChange> _changes = [];

    private KernelDiff(KernelState state, SystemPlan plan)
    {
        _state = state;
        _plan = plan;
        _names = NamesOf(plan);
        _links = state.Links.ToDictionary(link => link.Name, StringComparer.Ordinal);
        _linkNames = state.Links.ToDictionary(link => link.Index, link => link.Name);
        _addresses = state.Addresses.ToLookup(address => address.LinkIndex);
    }

    internal static KernelNames NamesOf(SystemPlan plan) =>
        new(plan.Kernel.LoopbackInterface, plan.WireGuard.Interface, plan.Kernel.UnderlayTable, plan.Kernel.RouteProtocol);

    /// <summary>The planned interfaces of the data plane that are not there (yet).</summary>
    internal static ImmutableArray<string> MissingLinks(KernelState state, SystemPlan plan)
    {
        var present = state.Links.Select(link => link.Name).ToHashSet(StringComparer.Ordinal);
        return [.. plan.Links.Select(link => link.Name).Prepend(plan.WireGuard.Interface).Where(name => !present.Contains(name))];
    }

    internal static ImmutableArray<KernelChange> Compute(KernelState state, SystemPlan plan) => new KernelDiff(state, plan).Compute();

    private ImmutableArray<KernelChange> Compute()
    {
        var mirror = UnderlayMirror.Of(_state, _names);
        _changes.AddRange(SysctlDiff.Compute(_state, _plan, _names, mirror));
        DiffMirror(mirror);
        var isGathering = !_plan.Kernel.Gathering.Ranges.IsEmpty;
        if (isGathering)
            DiffFirewall();
        var (gathered, released) = GatherRoutes.Diff(
            _state.Gather.Routes, GatherRoutes.Of(_state.Gather, _plan.Kernel.Gathering, _names.Protocol), _names.Protocol);
        _changes.AddRange(gathered.Select(route => new SetRoute(route, LinkName(route))));
        DiffRules();
        DiffLoopback();
        DiffTunnel();
        foreach (var link in _plan.Links)
            DiffLink(link);
        DiffMainRoutes();
        if (!isGathering)
            DiffFirewall();
        _changes.AddRange(released.Select(route => new RemoveRoute(route, LinkName(route))));
        return [.. _changes];
    }

    private void DiffFirewall()
    {
        var wanted = FirewallDocument.Of(_plan);
        // Where none is wanted, "stands" says that there is one.
        if (wanted is not null != _state.FirewallStands)
            _changes.Add(wanted is null ? new RemoveFirewall() : new SetFirewall(wanted));
    }

    private void DiffMirror(List<RouteInfo> wanted)
    {
        var present = _state.MirrorRoutes.Select(RouteKey.Of).ToHashSet();
        var right = wanted.Select(RouteKey.Of).ToHashSet();
        // Stale ones first, those by a gateway before the on-link route that reaches it: a changed route would be refused beside its former self.
        foreach (var route in _state.MirrorRoutes.Reverse().Where(route => !right.Contains(RouteKey.Of(route))))
            _changes.Add(new RemoveRoute(route, LinkName(route)));
        foreach (var route in wanted.Where(route => !present.Contains(RouteKey.Of(route))))
            _changes.Add(new AddRoute(route, LinkName(route)));
    }

    private void DiffRules()
    {
        AddressFamily[] families = [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];
        var present = _state.Rules.Where(rule => rule.Protocol == _names.Protocol).ToList();
        var wanted = families.ToDictionary(family => family, family => WantedRules(family).ToList());
        foreach (var family in families)
            DiffRules(present.FindAll(rule => rule.Family == family), wanted[family]);
        foreach (var rule in GatherRules.InOrderOfRemoval(present.Where(rule => !wanted[rule.Family].Contains(rule) && rule.Priority != KernelNames.LookupPriority)))
            _changes.Add(new RemoveRule(rule));
    }

    // Rules of one preference are asked in the order in which they were made: behind the first that is out of place all are made anew.
    private void DiffRules(List<RuleInfo> present, List<RuleInfo> wanted)
    {
        var lookups = present.FindAll(rule => rule.Priority == KernelNames.LookupPriority);
        var right = lookups.Zip(wanted).TakeWhile(pair => pair.First == pair.Second).Count();
        foreach (var rule in lookups.Skip(right))
            _changes.Add(new RemoveRule(rule));
        foreach (var rule in wanted.Skip(right).Where(rule => rule.Priority == KernelNames.LookupPriority || !present.Contains(rule)))
            _changes.Add(new AddRule(rule));
    }

    private IEnumerable<RuleInfo> WantedRules(AddressFamily family)
    {
        var marked = new RuleInfo
        {
            Family = family,
            Priority = KernelNames.LookupPriority,
            Mark = _plan.Kernel.FirewallMark,
            MarkMask = _plan.Kernel.FirewallMask,
            Protocol = _names.Protocol,
            Table = _names.UnderlayTable,
        };
        return
        [
            marked,
            .. UnderlayRules.CopiesBehindMain(_state, _names, family, _plan.Kernel.FirewallMark, _plan.Kernel.FirewallMask),
            marked with { Priority = KernelNames.ProhibitPriority, Action = RuleAction.Prohibit, Table = 0 },
            .. GatherRules.Of(_state.Gather, _plan, family),
        ];
    }

    private void DiffLoopback()
    {
        var name = _names.Loopback;
        var link = _links.GetValueOrDefault(name);
        if (link is null)
            _changes.Add(new CreateLoopback(name));
        // lo is the kernel's: only our addresses are ours there.
        if (name != "lo")
            SetUp(name, link, mtu: null);
        WantAddress(name, link, _plan.Kernel.Address4, 32, isNodeAddress: true);
        WantAddress(name, link, _plan.Kernel.Address6, 128, isNodeAddress: true);
        foreach (var further in _plan.Kernel.Further)
            WantAddress(name, link, further, HostLength(further), isNodeAddress: false); // no route has it as its source
        IPAddress[] floating = [.. _plan.Kernel.Floating.Where(address => !IsOfTheMachine(address, link))];
        foreach (var address in floating)
            WantAddress(name, link, address, HostLength(address), isNodeAddress: false);
        RemoveFormerAddresses(name, link, [_plan.Kernel.Address4, _plan.Kernel.Address6, .. _plan.Kernel.Further, .. floating]);
    }

    private static int HostLength(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

    // The machine has it already, on an interface of its own or put there by somebody else: that is left as it is, now and when it is withdrawn.
    private bool IsOfTheMachine(IPAddress address, LinkInfo? loopback) => _state.Addresses.Any(seen =>
        seen.Address.Equals(address) && (seen.LinkIndex != loopback?.Index || !IsOurs(seen, loopback)));

    // Before Linux 5.18 an address has no protocol, not even the node's own. There, all on our own interface are taken for ours.
    private bool IsOurs(AddressInfo address, LinkInfo? loopback) =>
        address.Protocol == _names.Protocol
        || (loopback is { Name: not "lo" } && address.LinkIndex == loopback.Index && _addresses[loopback.Index].Any(seen => seen.Protocol == 0 && seen.Address.Equals(_plan.Kernel.Address4)));

    private void DiffTunnel()
    {
        if (!_links.TryGetValue(_names.WireGuard, out var link))
            return;
        SetUp(link.Name, link, _plan.WireGuard.Mtu);
        WantAddress(link.Name, link, _plan.Kernel.TunnelAddress, 32, isNodeAddress: false);
        RemoveFormerAddresses(link.Name, link, [_plan.Kernel.TunnelAddress]);
    }

    // A link that the data plane has not made yet is waited for.
    private void DiffLink(LinkPlan plan)
    {
        if (!_links.TryGetValue(plan.Name, out var link))
            return;
        SetUp(plan.Name, link, LinkMtu(plan, link));
        WantAddress(plan.Name, link, plan.LinkLocal, 64, isNodeAddress: false);
        // On an interface without any IPv4 address even the loose rp_filter drops what comes by another link than answers would take,
        // as packets by way of a transit node do (fib_validate_source in the kernel's net/ipv4/fib_frontend.c).
        WantAddress(plan.Name, link, _plan.Kernel.Address4, 32, isNodeAddress: false);
        RemoveFormerAddresses(plan.Name, link, [plan.LinkLocal, _plan.Kernel.Address4]);
    }

    // What the data plane found to pass is its own business.
    private int LinkMtu(LinkPlan plan, LinkInfo link) =>
        _plan.WireGuard.ProbesPathMtu && link.Mtu >= MinimumMtu && link.Mtu < plan.Mtu ? link.Mtu : plan.Mtu;

    private void SetUp(string name, LinkInfo? link, int? mtu)
    {
        // In a message of its own, before up: together with it the kernel has made its own link-local address by then.
        if (link is null || link.AddressGeneration is not (null or AddressGenerationMode.None))
            _changes.Add(new ChangeLink(name, new LinkChange { AddressGeneration = AddressGenerationMode.None }));
        // Hardened machines turn IPv6 off for every new link; without it there is no link-local address, and so no BGP.
        if (link is { Ipv6.DisableIpv6: not 0 })
            _changes.Add(new WriteSysctl(SysctlFile.InterfaceKey("ipv6", name, "disable_ipv6"), "0", IsOwnLink: true));
        var wrongMtu = mtu is not null && link?.Mtu != mtu;
        if (wrongMtu || link is not { IsUp: true })
            _changes.Add(new ChangeLink(name, new LinkChange { Mtu = wrongMtu ? mtu : null, Up = link is { IsUp: true } ? null : true }));
    }

    private void WantAddress(string name, LinkInfo? link, IPAddress address, int prefixLength, bool isNodeAddress)
    {
        // A link that is down loses its IPv6 addresses; what is still seen there may go before it is up.
        if (link is null || !_addresses[link.Index].Any(seen => seen.Address.Equals(address) && seen.PrefixLength == prefixLength))
            _changes.Add(new AddAddress(name, address, prefixLength, isNodeAddress, link?.Index));
    }

    private void RemoveFormerAddresses(string name, LinkInfo? link, IPAddress[] wanted)
    {
        if (link is null)
            return;
        foreach (var address in _addresses[link.Index].Where(a => (a.Protocol == _names.Protocol || (name == _names.Loopback && IsOurs(a, link)) || IsKernelMade(a)) && !wanted.Contains(a.Address)))
            _changes.Add(new RemoveAddress(name, address));
    }

    // Made in the moment before it was told not to (addrgenmode): FRR would take it for our next hop.
    private bool IsKernelMade(AddressInfo address) =>
        address.Address.IsIPv6LinkLocal && address.LinkIndex != _links.GetValueOrDefault("lo")?.Index;

    private void DiffMainRoutes()
    {
        var wanted = WantedMainRoutes().ToList();
        var present = _state.MainRoutes.Where(route => route.Protocol == _names.Protocol).ToList();
        var right = wanted.Select(RouteKey.Of).ToHashSet();
        var there = present.Select(RouteKey.Of).ToHashSet();
        foreach (var route in wanted.Where(route => !there.Contains(RouteKey.Of(route))))
            _changes.Add(new AddRoute(route, LinkName(route)));
        foreach (var route in present.Where(route => !right.Contains(RouteKey.Of(route))))
            _changes.Add(new RemoveRoute(route, LinkName(route)));
    }

    private IEnumerable<RouteInfo> WantedMainRoutes()
    {
        if (_links.TryGetValue(_names.WireGuard, out var wireGuard))
        {
            yield return new RouteInfo
            {
                Destination = _plan.Kernel.TunnelPool,
                OutputLink = wireGuard.Index,
                PreferredSource = _plan.Kernel.TunnelAddress,
                Protocol = _names.Protocol,
            };
        }

        foreach (var prefix in _plan.Kernel.Unreachable)
            yield return new RouteInfo { Destination = prefix, Kind = RouteKind.Unreachable, Metric = UnreachableMetric, Protocol = _names.Protocol };
    }

    private string LinkName(RouteInfo route) => _linkNames.GetValueOrDefault(route.OutputLink, "");
}
