namespace Meshover.Linux.Netlink;

/// <summary>
/// Links, addresses, routes, rules and neighbours of one network namespace. Calls block for as long as the kernel takes (microseconds;
/// a dump of 10,000 routes about 20 ms). All are safe from several threads. Every failure is a <see cref="NetlinkException"/>.
/// </summary>
public interface IRouteNetlink : IDisposable
{
    IReadOnlyList<LinkInfo> GetLinks();

    /// <summary>The link of that name, or null.</summary>
    LinkInfo? FindLink(string name);

    /// <summary>All addresses, or those of one link.</summary>
    IReadOnlyList<AddressInfo> GetAddresses(int linkIndex = 0);

    IReadOnlyList<RouteInfo> GetRoutes(RouteFilter? filter = null);

    /// <summary>The rules of both families, in the order of their preference.</summary>
    IReadOnlyList<RuleInfo> GetRules();

    IReadOnlyList<NeighbourInfo> GetNeighbours();

    /// <summary>
    /// Has the kernel ask a neighbour that it knows whether it still lives (NUD_PROBE): it fails where it does not answer ucast_solicit requests,
    /// by default three within 3 s. ENOENT or EINVAL where it is not known any more.
    /// </summary>
    void ProbeNeighbour(NeighbourInfo neighbour);

    void DeleteNeighbour(NeighbourInfo neighbour);

    void CreateLink(LinkSpec link);

    void SetLink(string name, LinkChange change);

    void DeleteLink(string name);

    /// <summary>Adds the address, or changes its flags where it is there.</summary>
    void ReplaceAddress(AddressInfo address);

    void DeleteAddress(AddressInfo address);

    /// <summary>Adds the route in the place of the one with the same table, destination and metric, if there is one.</summary>
    void ReplaceRoute(RouteInfo route);

    /// <summary>Adds the route beside others of the same table, destination and metric; EEXIST where just this one is there.</summary>
    void AppendRoute(RouteInfo route);

    void DeleteRoute(RouteInfo route);

    /// <summary>EEXIST where just this one is there.</summary>
    void AddRule(RuleInfo rule);

    void DeleteRule(RuleInfo rule);
}
