using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>One step of making the kernel what the plan says. Its text is a line of the log, and what the tests compare.</summary>
internal abstract record KernelChange;

/// <param name="Key">Dotted key.</param>
/// <param name="Value">To be written.</param>
/// <param name="IsOwnLink">Of a link of ours: it goes with the link, so what it was need not be remembered.</param>
/// <param name="IsMootWhileForwarding">The kernel of a machine that forwards acts as if it were so, whatever it is.</param>
internal sealed record WriteSysctl(string Key, string Value, bool IsOwnLink = false, bool IsMootWhileForwarding = false) : KernelChange
{
    public override string ToString() => $"sysctl {Key} = {Value}";
}

/// <summary>Makes the interface of the node addresses: a dummy, or a bridge where the kernel has no dummy.</summary>
internal sealed record CreateLoopback(string Link) : KernelChange
{
    public override string ToString() => $"create {Link}";
}

internal sealed record ChangeLink(string Link, LinkChange Change) : KernelChange
{
    public override string ToString() =>
        $"link {Link}:{(Change.AddressGeneration is { } mode ? $" addrgenmode {mode.ToString().ToLowerInvariant()}" : "")}"
        + $"{(Change.Ipv4 is { } ipv4 ? $" rp_filter {ipv4.RpFilter} accept_redirects {ipv4.AcceptRedirects}" : "")}"
        + $"{(Change.Mtu is { } mtu ? $" mtu {mtu}" : "")}{(Change.Up is true ? " up" : "")}";
}

/// <param name="IsNodeAddress">Routes have it as their preferred source.</param>
/// <param name="LinkIndex">Null where the link was not there yet when this was decided: it is found by name then.</param>
internal sealed record AddAddress(string Link, IPAddress Address, int PrefixLength, bool IsNodeAddress, int? LinkIndex) : KernelChange
{
    public override string ToString() => $"add {Address}/{PrefixLength} to {Link}";
}

internal sealed record RemoveAddress(string Link, AddressInfo Address) : KernelChange
{
    public override string ToString() => $"remove {Address} from {Link}";
}

/// <summary>In the place of the one of the same table, destination and metric, if there is one.</summary>
internal sealed record SetRoute(RouteInfo Route, string Link) : KernelChange
{
    public override string ToString() => $"set route {RouteText.Of(Route, Link)}";
}

/// <param name="Link">Set where the route goes by a link that is found by name.</param>
internal sealed record AddRoute(RouteInfo Route, string Link) : KernelChange
{
    public override string ToString() => $"add route {RouteText.Of(Route, Link)}";
}

internal sealed record RemoveRoute(RouteInfo Route, string Link) : KernelChange
{
    public override string ToString() => $"remove route {RouteText.Of(Route, Link)}";
}

internal sealed record AddRule(RuleInfo Rule) : KernelChange
{
    public override string ToString() => $"add rule {Rule}";
}

internal sealed record RemoveRule(RuleInfo Rule) : KernelChange
{
    public override string ToString() => $"remove rule {Rule}";
}

internal sealed record RemoveLink(string Link) : KernelChange
{
    public override string ToString() => $"remove {Link}";
}

/// <summary>Sets our table of the firewall whole.</summary>
internal sealed record SetFirewall(FirewallDocument Document) : KernelChange
{
    public override string ToString() => $"set nftables table inet {KernelNames.FirewallTable}";
}

internal sealed record RemoveFirewall : KernelChange
{
    public override string ToString() => $"remove nftables table inet {KernelNames.FirewallTable}";
}

internal static class RouteText
{
    internal static string Of(RouteInfo route, string link) =>
        route.ToString().Replace($" dev #{route.OutputLink}", $" dev {link}", StringComparison.Ordinal);
}
