using System.Collections.Immutable;
using System.Net;
using Meshover.Contract.V1;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.LocalApi;

/// <summary>What becomes of a packet.</summary>
public enum WayKind
{
    /// <summary>It is this machine's.</summary>
    Here,

    /// <summary>It goes to another node by its link.</summary>
    Link,

    /// <summary>It leaves by an interface that is no link.</summary>
    Outside,

    /// <summary>There is no way, or one that refuses.</summary>
    Refused,
}

/// <summary>What is told of one packet.</summary>
/// <param name="Kind">What becomes of it.</param>
/// <param name="In">Where it comes in.</param>
/// <param name="Gathered">Whether it is gathered, and by whom.</param>
/// <param name="Out">By which interface it goes, in words.</param>
public sealed record Explained(WayKind Kind, string In, string Gathered, string Out)
{
    /// <summary>The first interface that it leaves by; empty: none.</summary>
    public string Link { get; init; } = "";

    /// <summary>The node at its other end; null: none.</summary>
    public NodeId? Next { get; init; }
}

/// <summary>The way cannot be told for want of what the question says.</summary>
public sealed class NoWayToTellException(string message) : Exception(message);

/// <summary>The kernel is asked for the way, as only it knows all rules; who has the packets of a range is the agent's to say.</summary>
public sealed class RouteExplanation(RouteNetlink netlink, AgentStatus status)
{
    private readonly Dictionary<int, string> _links = netlink.GetLinks().ToDictionary(link => link.Index, link => link.Name);

    /// <param name="from">The source.</param>
    /// <param name="to">The destination, of the same family.</param>
    /// <param name="by">The interface that it comes in by; null: the one that leads back.</param>
    /// <exception cref="NoWayToTellException">There is no such interface, or none leads back.</exception>
    public Explained Of(IPAddress from, IPAddress to, string? by)
    {
        var input = InputLink(from, by);
        var gathering = status.Gatherings.FirstOrDefault(one => IPNetwork.Parse(one.Prefix).Contains(from));
        var cameByLink = input != 0 && NodeId.IsLinkName(_links[input]);
        var route = netlink.FindRoute(new RouteQuery(to)
        {
            Source = from,
            InputLink = input,
            // As the firewall marks it.
            Mark = cameByLink && gathering is not null ? KernelNames.GatheredMark : 0,
        });
        var link = route is { Kind: RouteKind.Unicast } ? _links.GetValueOrDefault(LinkOf(route), "") : "";
        return new Explained(KindOf(route, link), input == 0 ? "from this node itself" : Named(input), Gathered(gathering, route), Out(route)) { Link = link, Next = NodeId.FromLinkName(link) };
    }

    private static WayKind KindOf(RouteInfo? route, string link) => route switch
    {
        { Kind: RouteKind.Local } => WayKind.Here,
        { Kind: RouteKind.Unicast } => NodeId.IsLinkName(link) ? WayKind.Link : WayKind.Outside,
        _ => WayKind.Refused,
    };

    /// <summary>0: the source is this machine's own.</summary>
    private int InputLink(IPAddress from, string? by)
    {
        if (by is not null)
            return netlink.FindLink(by)?.Index ?? throw new NoWayToTellException($"There is no interface {by}; `ip link` lists them.");
        if (netlink.GetAddresses().Any(address => address.Address.Equals(from)))
            return 0;
        return netlink.FindRoute(new RouteQuery(from)) is { Kind: RouteKind.Unicast } back
            ? LinkOf(back)
            : throw new NoWayToTellException($"No route leads to {from} here, so it cannot be told where its packets come in; name the interface with --by.");
    }

    private static int LinkOf(RouteInfo route) => route.NextHops.IsDefaultOrEmpty ? route.OutputLink : route.NextHops[0].OutputLink;

    private static string Gathered(Contract.V1.Gathering? gathering, RouteInfo? route)
    {
        if (gathering is null)
            return "no: its source lies in no range that is gathered";
        var owner = gathering.Owner.Length > 0 ? $"{gathering.Prefix} by {gathering.Owner}" : $"{gathering.Prefix} by nobody: none of {string.Join(", ", gathering.Owners.Select(one => one.Hostname))} can take it";
        return route switch
        {
            null or { Table: >= KernelNames.FirstGatherTable and <= KernelNames.LastGatherTable } => owner,
            { Kind: RouteKind.Local } => $"{owner}, but the destination is this machine",
            _ when gathering.Path == "here" => $"{owner}: it leaves here",
            _ => $"{owner}, but it goes as ever: the destination is inside the mesh, or nobody has it and this node falls back",
        };
    }

    private string Out(RouteInfo? route) => route switch
    {
        { Kind: RouteKind.Local } => "to this machine itself",
        { Kind: RouteKind.Unicast, NextHops.IsDefaultOrEmpty: false } => $"{string.Join(" or ", route.NextHops.Select(hop => Named(hop.OutputLink)))}, table {route.Table}",
        { Kind: RouteKind.Unicast } => $"{Named(route.OutputLink)}{(route.Gateway is { } gateway && Peer(route.OutputLink) is null ? $" via {gateway}" : "")}, table {route.Table}",
        _ => "refused",
    };

    private string Named(int link) => Peer(link) is { } peer ? $"{_links[link]} ({peer})" : _links.GetValueOrDefault(link, $"interface {link}");

    private string? Peer(int link) => _links.TryGetValue(link, out var name) ? status.Peers.FirstOrDefault(peer => peer.Link == name)?.Hostname : null;
}
