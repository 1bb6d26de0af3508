using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>To which node each node's kernel hands what is for the workload behind another. For as long as the links are not made anew.</summary>
internal sealed class NextNodes : IDisposable
{
    private readonly Dictionary<int, (RouteNetlink Netlink, Dictionary<int, string> Nodes)> _views = [];

    private NextNodes()
    {
    }

    public static async Task<NextNodes> OfAsync(LabMesh mesh, CancellationToken ct)
    {
        var next = new NextNodes();
        foreach (var node in mesh.Nodes)
        {
            var peers = (await node.StatusAsync(ct)).Peers;
            var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
            next._views[node.Number] = (netlink, peers.ToDictionary(peer => netlink.GetLink(peer.Link).Index, peer => peer.Hostname));
        }
        return next;
    }

    /// <summary>The next node's hostname; where it is no single one, the route.</summary>
    public string Of(int from, int to)
    {
        var (netlink, nodes) = _views[from];
        var route = netlink.FindRoute(new RouteQuery(AddressPlan.Workload4(to)));
        return route is { Kind: RouteKind.Unicast } && nodes.TryGetValue(route.OutputLink, out var name) ? name : $"no node ({route})";
    }

    /// <summary>"n1 to w2 by n2, …"</summary>
    public override string ToString() =>
        string.Join(", ", from a in _views.Keys from b in _views.Keys where a != b select $"{AddressPlan.NodeName(a)} to {AddressPlan.WorkloadName(b)} by {Of(a, b)}");

    public void Dispose()
    {
        foreach (var (netlink, _) in _views.Values)
            netlink.Dispose();
    }
}
