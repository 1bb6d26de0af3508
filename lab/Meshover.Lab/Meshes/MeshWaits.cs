using System.Net;
using System.Net.Sockets;
using Meshover.Lab.Machines;
using Meshover.Lab.Reach;
using Meshover.Linux.Netlink;

namespace Meshover.Lab.Meshes;

/// <summary>Waiting for a state of the mesh, with a deadline and a message that says what was missing.</summary>
public static class MeshWaits
{
    // Of one echo; it is asked again until the patience is over.
    private static readonly TimeSpan EchoPatience = TimeSpan.FromMilliseconds(200);

    /// <summary>Every node sees every other directly, with an established session that BFD watches.</summary>
    public static async Task DirectAsync(this LabMesh mesh, TimeSpan patience, CancellationToken ct)
    {
        foreach (var node in mesh.Nodes)
            await Until.NothingIsMissingAsync($"{node.Machine.Name} is settled", patience, async () => Unsettled(mesh, await node.StatusAsync(ct)), ct);
    }

    /// <summary>The link of the two is well at both ends: direct, with an established session that BFD watches.</summary>
    public static async Task LinkedAsync(LabNode a, LabNode b, TimeSpan patience, CancellationToken ct)
    {
        foreach (var (node, peer) in ((LabNode, LabNode)[])[(a, b), (b, a)])
        {
            await Until.NothingIsMissingAsync($"{node.Machine.Name} is linked with {peer.Machine.Name}", patience, async () =>
                Wrong((await node.StatusAsync(ct)).Peers.Where(seen => seen.Hostname == peer.Machine.Name)), ct);
        }
    }

    /// <summary>Waits until BGP has, or has no more, a route to each of the prefixes in the node's kernel.</summary>
    public static async Task<TimeSpan> RoutedAsync(this LabNode node, bool isThere, TimeSpan patience, IEnumerable<string> prefixes)
    {
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        var wanted = prefixes.Select(IPNetwork.Parse).ToHashSet();
        return await Until.NothingIsMissingAsync($"{wanted.Count} prefixes are {(isThere ? "" : "not ")}routed on {node.Machine.Name}", patience, () =>
        {
            var routed = netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp, Table = RouteInfo.MainTable }).Where(route => route.Kind == RouteKind.Unicast).Select(route => route.Destination).ToHashSet();
            var wrong = wanted.Where(prefix => routed.Contains(prefix) != isThere).ToList();
            return Task.FromResult(wrong.Count == 0 ? null : $"{wrong.Count} are not so, {wrong[0]} for one");
        }, CancellationToken.None);
    }

    /// <summary>Waits until the node's role of a prefix that one of several has is that (active, leaving, standby); null: it announces it in no role.</summary>
    public static Task<TimeSpan> IsAsync(this LabNode node, string prefix, string? role, TimeSpan patience, CancellationToken ct) =>
        Until.NothingIsMissingAsync($"{node.Machine.Name} is {role ?? "nothing"} of {prefix}", patience, async () =>
            (await node.AnnouncementAsync(prefix, ct))?.Role is var seen && seen == role ? null : $"it is {seen ?? "nothing"}", ct);

    /// <summary>Waits until an echo from the machine to the address is answered.</summary>
    public static async Task<TimeSpan> AnsweredAsync(this Machine from, IPAddress target, TimeSpan patience, CancellationToken ct)
    {
        using var echo = EchoSocket.Open(from, target.AddressFamily, TimeProvider.System);
        return await Until.NothingIsMissingAsync($"{target} answers {from.Name}", patience, async () =>
            await echo.EchoAsync(target, EchoPatience, ct) is null ? "it does not" : null, ct);
    }

    private static string? Unsettled(LabMesh mesh, NodeStatus status)
    {
        if (status.Controller.State != "connected") return $"the controller is {status.Controller.State}";
        return status.Peers.Count != mesh.Nodes.Count - 1 ? $"{status.Peers.Count} peers" : Wrong(status.Peers);
    }

    private static string? Wrong(IEnumerable<PeerState> peers)
    {
        var wrong = peers.Where(peer => peer is not { Path: "direct", BgpState: "Established", BfdState: "up" }).ToArray();
        return wrong.Length == 0 ? null : string.Join(", ", wrong.Select(peer => $"{peer.Hostname} {peer.Path} {peer.BgpState}, BFD {peer.BfdState}"));
    }
}
