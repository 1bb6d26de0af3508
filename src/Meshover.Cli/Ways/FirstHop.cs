using System.Net;
using Meshover.Cli.Status;
using Meshover.Linux.Netlink;

namespace Meshover.Cli.Ways;

/// <summary>Where this node's kernel hands packets to an address.</summary>
/// <param name="Path">here, direct, transit, none, outside or unknown, as <see cref="PingDocument.Path"/>.</param>
/// <param name="Peer">The node that they are handed to; null: none.</param>
/// <param name="Reason">Why it is not direct; null: it is, or there is none.</param>
/// <param name="Link">The interface; empty: no way.</param>
/// <param name="Mtu">Of the interface, bytes; 0: no way.</param>
internal sealed record FirstHop(string Path, PeerSection? Peer, string? Reason, string Link, int Mtu)
{
    /// <summary>How many equal ways there are: each flow takes one of them, that by <see cref="Link"/> or another.</summary>
    public int Ways { get; init; } = 1;

    public static FirstHop Of(Target target, StatusDocument status)
    {
        using var netlink = new RouteNetlink();
        if (netlink.FindRoute(new RouteQuery(target.Address)) is not { } route || route.Kind is not (RouteKind.Unicast or RouteKind.Local))
            return new FirstHop("none", Peer: null, "this node has no route to it, or one that refuses", "", 0);
        if (route.Kind == RouteKind.Local)
            return new FirstHop("here", Peer: null, Reason: null, "", 0);
        int[] ways = route.NextHops.IsDefaultOrEmpty ? [route.OutputLink] : [.. route.NextHops.Select(hop => hop.OutputLink)];
        var links = netlink.GetLinks();
        // Where the direct link is one of several that are as good, it is meant.
        var own = status.Peers.FirstOrDefault(one => one.Hostname == target.Name)?.Link;
        var link = links.FirstOrDefault(one => one.Name == own && ways.Contains(one.Index)) ?? links.FirstOrDefault(one => one.Index == ways[0]);
        var peer = status.Peers.FirstOrDefault(one => one.Link == link?.Name);
        var (path, reason) = (peer, status.Peers.FirstOrDefault(one => one.Hostname == target.Name)) switch
        {
            (null, _) => ("outside", "the way there is not by the mesh"),
            (var by, { } meant) when meant.Hostname != by.Hostname => ("transit", meant.PathReason.Length > 0 ? meant.PathReason : "that costs less than the direct link, see `meshover route explain`"),
            (var by, _) => ("direct", by.PathReason.Length > 0 ? by.PathReason : null),
        };
        return new FirstHop(path, peer, reason, link?.Name ?? "", link?.Mtu ?? 0) { Ways = ways.Length };
    }

    /// <summary>Such as <c>direct, endpoint [2001:db8::2]:12912</c>.</summary>
    public string Describe() => (Path, Peer) switch
    {
        ("here", _) => "this node itself",
        ("none", _) => $"no way: {Reason}",
        (_, null) => $"outside the mesh, by {Link}",
        ("transit", var peer) => $"by way of {peer.Hostname} ({peer.Endpoint ?? "no endpoint"}){Equal}: {Reason}",
        (_, var peer) => $"direct, endpoint {peer.Endpoint ?? "unknown"}{Equal}",
    };

    private string Equal => Ways > 1 ? $", one of {Ways} equal ways" : "";
}
