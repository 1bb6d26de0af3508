using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Interop;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink.Codec;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink;

/// <summary>rtnetlink (rtnetlink(7)) over one socket.</summary>
public sealed class RouteNetlink : IRouteNetlink
{
    private readonly NetlinkConnection _connection;

    /// <summary>Opens a socket in the network namespace of the calling thread.</summary>
    public RouteNetlink() : this(new NetlinkSocket()) { }

    /// <summary>Speaks over the given transport, and owns it.</summary>
    public RouteNetlink(INetlinkTransport transport) => _connection = new NetlinkConnection(transport);

    /// <summary>What was wrong with something that was left out of a list since this was asked last, as it could not be read; null: nothing was.</summary>
    public string? TakeUnreadable() => _connection.TakeUnreadable();

    /// <summary>Opens a socket in another network namespace; the calling thread stays where it is.</summary>
    /// <param name="namespacePath">Such as <c>/run/netns/NAME</c> or <c>/proc/PID/ns/net</c>.</param>
    public static RouteNetlink OpenIn(string namespacePath) => NetworkNamespace.RunIn(namespacePath, static () => new RouteNetlink());

    public IReadOnlyList<LinkInfo> GetLinks() =>
        _connection.Dump<LinkInfo>("list links", MessageType.GetLink, LinkCodec.WriteDump, LinkCodec.TryParse, skipsUnreadable: true);

    public LinkInfo? FindLink(string name)
    {
        try
        {
            return _connection.Query<LinkInfo>("find link", name, MessageType.GetLink,
                (ref NetlinkWriter writer) => LinkCodec.WriteFind(ref writer, name), LinkCodec.TryParse);
        }
        catch (NetlinkException error) when (error.IsNotFound)
        {
            return null;
        }
    }

    public IReadOnlyList<AddressInfo> GetAddresses(int linkIndex = 0)
    {
        var all = _connection.Dump<AddressInfo>("list addresses", MessageType.GetAddress, AddressCodec.WriteDump, AddressCodec.TryParse, skipsUnreadable: true);
        return linkIndex == 0 ? all : all.FindAll(address => address.LinkIndex == linkIndex);
    }

    public IReadOnlyList<RouteInfo> GetRoutes(RouteFilter? filter = null)
    {
        filter ??= new RouteFilter();
        return filter.Family is { } family
            ? DumpRoutes(filter, family)
            : [.. DumpRoutes(filter, AddressFamily.InterNetwork), .. DumpRoutes(filter, AddressFamily.InterNetworkV6)];
    }

    /// <summary>The route that the kernel would take; null if none leads there so, or it is one that refuses.</summary>
    public RouteInfo? FindRoute(RouteQuery query)
    {
        var route = Ask(query, isItself: true);
        // Linux (6.18 does it still) keeps what it looked up for IPv6 with the next hop, and where routes share a nexthop object it tells the one by which that was
        // used first: another destination's, with other next hops. By which link the packets go is right, and so is a host's own route.
        if (route is not { IsIPv6: true, NextHopId: not 0 } || (route.Destination.PrefixLength == 128 && route.Destination.BaseAddress.Equals(query.Destination)))
            return route;
        return Ask(query, isItself: false) is { } taken ? RouteOf(query, taken) ?? taken : route;
    }

    /// <summary>Whether a route leads there, whichever it is: cheaper than <see cref="FindRoute"/>.</summary>
    public bool HasRoute(RouteQuery query) => Ask(query, isItself: true) is not null;

    private RouteInfo? Ask(RouteQuery query, bool isItself)
    {
        try
        {
            return _connection.Query<RouteInfo>("find route", query.ToString(), MessageType.GetRoute,
                (ref NetlinkWriter writer) => RouteQueryCodec.Write(ref writer, query, isItself), RouteCodec.TryParse);
        }
        catch (NetlinkException error) when (error is not NetlinkFormatException)
        {
            return null; // ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL (not our address), ENODEV: all say that there is no way
        }
    }

    /// <summary>
    /// The route by which the packets go that way, from a dump of all; null if none is seen, as when it is gone by now, or where a dump names nexthop objects alone
    /// (net.ipv4.nexthop_compat_mode is 0).
    /// </summary>
    private RouteInfo? RouteOf(RouteQuery query, RouteInfo taken) =>
        DumpRoutes(new RouteFilter(), AddressFamily.InterNetworkV6)
            .Where(route => route is { IsCached: false, Kind: RouteKind.Unicast } && route.Destination.Contains(query.Destination) && HasLeg(route, taken)
                && (route.Source is not { } sources || (query.Source is { } source && sources.Contains(source))))
            .OrderByDescending(route => route.Table == taken.Table).ThenByDescending(route => route.Destination.PrefixLength).ThenBy(route => route.Metric).FirstOrDefault();

    private static bool HasLeg(RouteInfo route, RouteInfo taken) =>
        route.NextHops.IsDefaultOrEmpty ? route.OutputLink == taken.OutputLink : route.NextHops.Any(hop => hop.OutputLink == taken.OutputLink);

    public IReadOnlyList<RuleInfo> GetRules() =>
    [
        .. new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 }
            .SelectMany(DumpRules)
            .OrderBy(rule => rule.Priority),
    ];

    public IReadOnlyList<NeighbourInfo> GetNeighbours() =>
        _connection.Dump<NeighbourInfo>("list neighbours", MessageType.GetNeighbour, NeighbourCodec.WriteDump, NeighbourCodec.TryParse, skipsUnreadable: true);

    public void ProbeNeighbour(NeighbourInfo neighbour) =>
        Change("probe neighbour", neighbour, MessageType.NewNeighbour, MessageFlags.Replace, (ref NetlinkWriter writer, NeighbourInfo probed) => NeighbourCodec.Write(ref writer, probed, NeighbourInfo.Probe));

    public void DeleteNeighbour(NeighbourInfo neighbour) =>
        Change("delete neighbour", neighbour, MessageType.DeleteNeighbour, MessageFlags.None, (ref NetlinkWriter writer, NeighbourInfo deleted) => NeighbourCodec.Write(ref writer, deleted, 0));

    public void CreateLink(LinkSpec link)
    {
        ArgumentNullException.ThrowIfNull(link);
        using var namespaceFile = NamespaceFile.OpenOrNull(link.NamespacePath);
        using var peerNamespaceFile = NamespaceFile.OpenOrNull(link.PeerNamespacePath ?? link.NamespacePath);
        _connection.Execute("create link", link.Name, MessageType.NewLink, MessageFlags.Create | MessageFlags.Exclusive,
            (ref NetlinkWriter writer) => LinkCodec.WriteCreate(ref writer, link, namespaceFile?.Number, peerNamespaceFile?.Number));
    }

    public void SetLink(string name, LinkChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        using var namespaceFile = NamespaceFile.OpenOrNull(change.NamespacePath);
        int? master = change.Master switch { null => null, "" => 0, var bridge => this.GetLink(bridge).Index };
        // By index where the name changes: with both in one message the kernel takes the name as the new one.
        var index = change.NewName is null ? 0 : this.GetLink(name).Index;
        _connection.Execute("change link", name, MessageType.NewLink, MessageFlags.None,
            (ref NetlinkWriter writer) => LinkCodec.WriteChange(ref writer, index, name, change, master, namespaceFile?.Number));
    }

    public void DeleteLink(string name) =>
        _connection.Execute("delete link", name, MessageType.DeleteLink, MessageFlags.None,
            (ref NetlinkWriter writer) => LinkCodec.WriteName(ref writer, name));

    public void ReplaceAddress(AddressInfo address) =>
        Change("set address", address, MessageType.NewAddress, MessageFlags.Create | MessageFlags.Replace, AddressCodec.Write);

    public void DeleteAddress(AddressInfo address) =>
        Change("delete address", address, MessageType.DeleteAddress, MessageFlags.None, AddressCodec.Write);

    public void ReplaceRoute(RouteInfo route) =>
        Change("set route", route, MessageType.NewRoute, MessageFlags.Create | MessageFlags.Replace, RouteCodec.Write);

    public void AppendRoute(RouteInfo route) =>
        Change("add route", route, MessageType.NewRoute, MessageFlags.Create | MessageFlags.Append, RouteCodec.Write);

    public void DeleteRoute(RouteInfo route) =>
        Change("delete route", route, MessageType.DeleteRoute, MessageFlags.None, RouteCodec.WriteDelete);

    public void AddRule(RuleInfo rule) =>
        Change("add rule", rule, MessageType.NewRule, MessageFlags.Create | MessageFlags.Exclusive, RuleCodec.Write);

    public void DeleteRule(RuleInfo rule) =>
        Change("delete rule", rule, MessageType.DeleteRule, MessageFlags.None, RuleCodec.Write);

    public void Dispose() => _connection.Dispose();

    private delegate void Encoder<in T>(ref NetlinkWriter writer, T item);

    private void Change<T>(string operation, T item, ushort type, MessageFlags flags, Encoder<T> encode)
    {
        ArgumentNullException.ThrowIfNull(item);
        _connection.Execute(operation, item.ToString()!, type, flags, (ref NetlinkWriter writer) => encode(ref writer, item));
    }

    private List<RouteInfo> DumpRoutes(RouteFilter filter, AddressFamily family)
    {
        try
        {
            return _connection.Dump("list routes", MessageType.GetRoute,
                (ref NetlinkWriter writer) => RouteCodec.WriteDump(ref writer, filter, family),
                (NetlinkMessage message, out RouteInfo route) => RouteCodec.TryParse(message, filter, out route), skipsUnreadable: true);
        }
        catch (NetlinkException error) when (filter.Table != 0 && error.ErrorNumber == Errno.NoEntry)
        {
            // A table comes into being with its first route.
            return [];
        }
    }

    private List<RuleInfo> DumpRules(AddressFamily family) =>
        _connection.Dump<RuleInfo>("list rules", MessageType.GetRule,
            (ref NetlinkWriter writer) => RuleCodec.WriteDump(ref writer, family), RuleCodec.TryParse, skipsUnreadable: true);
}
