using System.Collections.Immutable;
using System.Net;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;

namespace Meshover.Cli.Routes;

/// <summary>What is told of one packet.</summary>
internal sealed record Explained(ImmutableArray<string> Lines, bool IsRefused);

/// <summary>The kernel is asked for the way, as only it knows all rules; who has the packets of a range is the agent's to say.</summary>
internal sealed class RouteExplanation(RouteNetlink netlink, AgentStatus status)
{
    private readonly Dictionary<int, string> _links = netlink.GetLinks().ToDictionary(link => link.Index, link => link.Name);

    /// <param name="from">The source.</param>
    /// <param name="to">The destination, of the same family.</param>
    /// <param name="by">The interface that it comes in by; null: the one that leads back.</param>
    /// <exception cref="CliException">There is no such interface, or none leads back.</exception>
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
        var isRefused = route is not { Kind: RouteKind.Unicast or RouteKind.Local };
        return new Explained(
            [$"{from} -> {to} on {status.Hostname}", $"in       {(input == 0 ? "from this node itself" : Named(input))}", $"gathered {Gathered(gathering, route)}", $"out      {Out(route)}"], isRefused);
    }

    /// <summary>0: the source is this machine's own.</summary>
    private int InputLink(IPAddress from, string? by)
    {
        if (by is not null)
            return netlink.FindLink(by)?.Index ?? throw new CliException($"There is no interface {by}; `ip link` lists them.", ExitCode.Usage);
        if (netlink.GetAddresses().Any(address => address.Address.Equals(from)))
            return 0;
        return netlink.FindRoute(new RouteQuery(from)) is { Kind: RouteKind.Unicast } back
            ? LinkOf(back)
            : throw new CliException($"No route leads to {from} here, so it cannot be told where its packets come in; name the interface with --by.");
    }

    private static int LinkOf(RouteInfo route) => route.NextHops.IsDefaultOrEmpty ? route.OutputLink : route.NextHops[0].OutputLink;

    private static string Gathered(Gathering? gathering, RouteInfo? route)
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
