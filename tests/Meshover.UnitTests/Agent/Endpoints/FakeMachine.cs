using System.Net;
using Meshover.Linux.Netlink;

namespace Meshover.UnitTests.Agent.Endpoints;

/// <summary>A machine with links, addresses and default routes, to be looked at and not changed.</summary>
internal sealed class FakeMachine : IRouteNetlink
{
    private readonly List<LinkInfo> _links = [];
    private readonly List<AddressInfo> _addresses = [];
    private readonly List<RouteInfo> _routes = [];

    /// <summary>Its neighbour table.</summary>
    public List<NeighbourInfo> Neighbours { get; } = [];

    /// <summary>What the next dumps of it tell instead: parts may be there twice, or not at all.</summary>
    public Queue<NeighbourInfo[]> NextDumps { get; } = new();

    /// <summary>The next dumps of routes tell nothing, so often.</summary>
    public int EmptyDumps { get; set; }

    /// <summary>Answered to whoever wants a neighbour probed.</summary>
    public NetlinkException? ProbeFailure { get; set; }

    /// <summary>Addresses of neighbours that were probed, and of those that were deleted with a "-" before.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>What it answers to whoever lists something; null: what it has.</summary>
    public NetlinkException? Failure { get; set; }

    /// <summary>Answered to whoever wants a link made.</summary>
    public NetlinkException? Refusal { get; init; }

    public void Add(string name, string kind, LinkFlags flags, params string[] addresses)
    {
        var index = _links.Count + 1;
        _links.Add(new LinkInfo { Index = index, Name = name, Kind = kind, Flags = flags | LinkFlags.Up | LinkFlags.LowerUp, Mtu = 1500 });
        foreach (var parts in addresses.Select(address => address.Split('/')))
            _addresses.Add(new AddressInfo { LinkIndex = index, Address = IPAddress.Parse(parts[0]), PrefixLength = int.Parse(parts[1]) });
    }

    /// <summary>Without carrier, or (null) down.</summary>
    public void Cut(string link, LinkFlags? flags) => _links[_links.FindIndex(one => one.Name == link)] = FindLink(link)! with { Flags = flags ?? LinkFlags.None };

    public void RouteBy(string link, string destination, byte protocol = RouteProtocols.Kernel) =>
        _routes.Add(new RouteInfo { Destination = IPNetwork.Parse(destination), OutputLink = FindLink(link)!.Index, Protocol = protocol });

    public void RemoveRoutes() => _routes.Clear();

    public void Remove(string name) => _links.RemoveAll(link => link.Name == name);

    public void DefaultBy(string link) =>
        _routes.Add(new RouteInfo { Destination = IPNetwork.Parse("0.0.0.0/0"), OutputLink = FindLink(link)!.Index });

    public void Add(RouteInfo route) => _routes.Add(route);

    public void SetIpv6Mtu(string link, int mtu) =>
        _links[_links.FindIndex(one => one.Name == link)] = FindLink(link)! with { Ipv6 = new LinkIpv6Settings(1, 2, 0, 0, mtu) };

    public void Flag(AddressFlags flags) => _addresses[^1] = _addresses[^1] with { Flags = flags };

    public void SetMtu(string link, int mtu) => _links[_links.FindIndex(one => one.Name == link)] = FindLink(link)! with { Mtu = mtu };

    public IReadOnlyList<LinkInfo> GetLinks() => _links;

    public LinkInfo? FindLink(string name) => _links.Find(link => link.Name == name);

    public IReadOnlyList<AddressInfo> GetAddresses(int linkIndex = 0) => linkIndex == 0 ? _addresses : _addresses.FindAll(address => address.LinkIndex == linkIndex);

    public IReadOnlyList<RouteInfo> GetRoutes(RouteFilter? filter = null) => Failure is not null ? throw Failure : EmptyDumps-- > 0 ? [] : _routes.FindAll(route =>
        (filter is not { Table: not 0 } || route.Table == filter.Table) && (filter is not { Protocol: not 0 } || route.Protocol == filter.Protocol));

    public IReadOnlyList<RuleInfo> GetRules() => [];

    public IReadOnlyList<NeighbourInfo> GetNeighbours() => NextDumps.TryDequeue(out var dump) ? dump : Neighbours;

    public void ProbeNeighbour(NeighbourInfo neighbour)
    {
        if (ProbeFailure is not null)
            throw ProbeFailure;
        Asked.Add($"{neighbour.Address}");
    }

    public void DeleteNeighbour(NeighbourInfo neighbour) => Asked.Add($"-{neighbour.Address}");

    public void CreateLink(LinkSpec link) => throw Refusal ?? (Exception)new NotSupportedException();

    public void SetLink(string name, LinkChange change) => throw new NotSupportedException();

    public void DeleteLink(string name) => throw new NotSupportedException();

    public void ReplaceAddress(AddressInfo address) => throw new NotSupportedException();

    public void DeleteAddress(AddressInfo address) => throw new NotSupportedException();

    public void ReplaceRoute(RouteInfo route) => throw new NotSupportedException();

    public void AppendRoute(RouteInfo route) => throw new NotSupportedException();

    public void DeleteRoute(RouteInfo route) => throw new NotSupportedException();

    public void AddRule(RuleInfo rule) => throw new NotSupportedException();

    public void DeleteRule(RuleInfo rule) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
