using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Meshover.Lab.Machines;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;

namespace Meshover.Lab.Meshes;

/// <summary>
/// The world outside of a mesh on a flat underlay, as gathering has it: the controller's machine, to which every node has its default route; and the workload
/// behind n1 with addresses of ranges that other nodes gather, behind a strict rp_filter.
/// </summary>
public sealed class OutsideWorld : IDisposable
{
    public const string Range4 = "203.0.113.0/24", Range6 = "2001:db8:77::/48";
    public static readonly IPAddress Outside4 = IPAddress.Parse("198.51.100.7");
    public static readonly IPAddress Outside6 = IPAddress.Parse("2001:db8:99::7");
    public static readonly IPAddress Source4 = IPAddress.Parse("203.0.113.11");
    public static readonly IPAddress Source6 = IPAddress.Parse("2001:db8:77::11");

    /// <summary>What n1 announces for the workload, and has to be granted.</summary>
    public static readonly IReadOnlyList<string> Hosts = [$"{Source4}/32", $"{Source6}/128"];
    private static readonly string[] Ranges = [Range4, Range6];
    private static readonly IPNetwork Default4 = IPNetwork.Parse("0.0.0.0/0"), Default6 = IPNetwork.Parse("::/0");

    private readonly LabMesh _mesh;
    private readonly RouteNetlink _first;
    private readonly RouteNetlink _outside;
    private readonly Dictionary<int, int> _links = [];

    private OutsideWorld(LabMesh mesh)
    {
        _mesh = mesh;
        _first = RouteNetlink.OpenIn(mesh.Node(1).Machine.NetworkPath);
        _outside = RouteNetlink.OpenIn(mesh.Controller.Machine.NetworkPath);
    }

    /// <summary>Behind n1; what it sends has an address of the ranges.</summary>
    public Machine Workload => _mesh.Node(1).Workload;

    /// <summary>Addresses and routes; of Meshover nothing needs to run yet. Answers come by n1 itself until <see cref="AnswersBy"/> says otherwise.</summary>
    public static OutsideWorld Build(LabMesh mesh)
    {
        var world = new OutsideWorld(mesh);
        world.AddOutside();
        world.AddWorkload();
        return world;
    }

    /// <summary>The flags of <c>meshover up</c> for a node that gathers both ranges, and that priority, 1 to 255.</summary>
    public static IReadOnlyList<string> Gathers(int priority) => ["--gather", string.Join(',', Ranges), "--gather-priority", $"{priority}"];

    /// <summary>The node may gather both ranges.</summary>
    public async Task GrantGatheringAsync(int node, CancellationToken ct)
    {
        foreach (var range in Ranges)
            await _mesh.Controller.GrantAsync(node, range, ["--gather"], ct);
    }

    /// <summary>Learns which of n1's links lead to which nodes, once it has them: <see cref="LeadsByAsync"/> needs that.</summary>
    public async Task LearnLinksAsync(CancellationToken ct)
    {
        foreach (var peer in (await _mesh.Node(1).StatusAsync(ct)).Peers)
            _links[int.Parse(peer.Hostname[1..], CultureInfo.InvariantCulture)] = _first.FindLink(peer.Link)!.Index;
    }

    /// <summary>Waits until n1 hands the packets to the link of that node; null: refuses them.</summary>
    /// <returns>How long it took.</returns>
    public Task<TimeSpan> LeadsByAsync(int? node, TimeSpan patience, CancellationToken ct)
    {
        var link = node is { } number ? _links[number] : (int?)null;
        return Until.NothingIsMissingAsync($"packets go to {(node is null ? "nobody" : $"n{node}")}", patience, () =>
            Task.FromResult(Leads(AddressFamily.InterNetwork) == link && Leads(AddressFamily.InterNetworkV6) == link ? null : Describe()), ct);
    }

    /// <summary>What comes from outside to the ranges comes by this node.</summary>
    public void AnswersBy(int node)
    {
        LeadBack(IPNetwork.Parse(Range4), node);
        LeadBack(IPNetwork.Parse(Range6), node);
    }

    /// <summary>What comes from outside to the prefix comes by this node.</summary>
    public void LeadBack(IPNetwork prefix, int node) =>
        _outside.ReplaceRoute(new RouteInfo { Destination = prefix, Gateway = (IsFour(prefix.BaseAddress) ? AddressPlan.FlatNode4(node) : AddressPlan.FlatNode6(node)).Address, Protocol = RouteProtocols.Static });

    /// <summary>The host outside has that address, too.</summary>
    public void AddHost(IPAddress address) => _outside.ReplaceAddress("lo", address, IsFour(address) ? 32 : 128, noDad: !IsFour(address));

    /// <summary>n1's rules and routes of gathering, for the message of a failure.</summary>
    public string Describe() => string.Join('\n', (string[])
    [
        .. _first.GetRules().Where(rule => rule.Priority is >= 7400 and <= 7499).Select(rule => $"{rule}"),
        .. _first.GetRoutes().Where(route => route.Table is >= 7402 and <= 7499 && route.Kind != RouteKind.Throw).Select(route => $"{route}"),
    ]);

    public void Dispose()
    {
        _first.Dispose();
        _outside.Dispose();
    }

    private void AddOutside()
    {
        AddHost(Outside4);
        AddHost(Outside6);
        AnswersBy(1);
        foreach (var node in _mesh.Nodes)
        {
            using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
            netlink.ReplaceRoute(new RouteInfo { Destination = Default4, Gateway = AddressPlan.Controller4, Protocol = RouteProtocols.Static });
            netlink.ReplaceRoute(new RouteInfo { Destination = Default6, Gateway = AddressPlan.Controller6, Protocol = RouteProtocols.Static });
        }
    }

    private void AddWorkload()
    {
        using var netlink = RouteNetlink.OpenIn(Workload.NetworkPath);
        netlink.ReplaceAddress(UnderlayPlanner.Uplink, Source4, 32);
        netlink.ReplaceAddress(UnderlayPlanner.Uplink, Source6, 128, noDad: true);
        netlink.ReplaceRoute(new RouteInfo { Destination = Default4, Gateway = IPAddress.Parse("10.64.1.1"), PreferredSource = Source4, Protocol = RouteProtocols.Static });
        netlink.ReplaceRoute(new RouteInfo { Destination = Default6, Gateway = IPAddress.Parse("fd64:1::1"), PreferredSource = Source6, Protocol = RouteProtocols.Static, Metric = 10 });
        var link = _first.FindLink(UnderlayPlanner.WorkloadInterface)!.Index;
        foreach (var address in (IPAddress[])[Source4, Source6])
            _first.ReplaceRoute(new RouteInfo { Destination = new IPNetwork(address, IsFour(address) ? 32 : 128), OutputLink = link, Protocol = RouteProtocols.Static });
        _mesh.Node(1).Machine.InNetwork(() =>
        {
            SysctlFile.Write(SysctlFile.InterfaceKey("ipv4", UnderlayPlanner.WorkloadInterface, "rp_filter"), "1");
            return 0;
        });
    }

    /// <summary>The link by which n1's table of the range leads; null: by none.</summary>
    private int? Leads(AddressFamily family)
    {
        var range = IPNetwork.Parse(family == AddressFamily.InterNetwork ? Range4 : Range6);
        var rule = _first.GetRules().LastOrDefault(rule => rule.Source == range);
        return rule is null
            ? -1
            : _first.GetRoutes(new RouteFilter { Family = family, Table = rule.Table }).FirstOrDefault(route => route.Destination.PrefixLength == 0 && route.Kind == RouteKind.Unicast)?.OutputLink;
    }

    private static bool IsFour(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;
}
