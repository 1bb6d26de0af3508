using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;

namespace Meshover.Lab.Commands;

/// <summary>The tables at the end of <c>up</c>: nodes, their sessions, round trips between the workloads. Pure.</summary>
internal static class MeshReport
{
    public static string Render(IReadOnlyList<NodeStatus> nodes, IReadOnlyList<PairPing> pings) =>
        $"{TextTable.Render(NodeRows(nodes))}\n{TextTable.Render(SessionRows(nodes))}\n{TextTable.Render(MatrixRows(pings))}";

    private static List<IReadOnlyList<string>> NodeRows(IReadOnlyList<NodeStatus> nodes) =>
    [
        ["NODE", "IPV4", "IPV6", "ASN", "CONTROLLER", "PEERS", "ESTABLISHED"],
        .. nodes.Select(node => (string[])
        [
            node.Numbers.Hostname, node.Numbers.Address4, node.Numbers.Address6, $"{node.Numbers.Asn}", node.Controller.State,
            $"{node.Peers.Count}", $"{node.Peers.Count(IsEstablished)}",
        ]),
    ];

    private static List<IReadOnlyList<string>> SessionRows(IReadOnlyList<NodeStatus> nodes) =>
    [
        ["NODE", "PEER", "ENDPOINT", "BGP", "PREFIXES", "PATH"],
        .. nodes.SelectMany(node => node.Peers.Select(peer => (string[])
            [node.Numbers.Hostname, peer.Hostname, peer.Endpoint ?? "-", peer.BgpState, $"{peer.PrefixesReceived}", peer.Path])),
    ];

    // Milliseconds, IPv4/IPv6.
    private static List<IReadOnlyList<string>> MatrixRows(IReadOnlyList<PairPing> pings)
    {
        var times = pings.ToDictionary(ping => (ping.From, ping.To, ping.Family), ping => ping.RoundTrip);
        var names = pings.Select(ping => ping.From).Distinct().Where(name => name.StartsWith('w')).ToArray();
        return
        [
            ["RTT ms v4/v6", .. names],
            .. names.Select(from => (string[])
                [from, .. names.Select(to => from == to ? "-" : $"{Cell(times[(from, to, 4)])}/{Cell(times[(from, to, 6)])}")]),
        ];
    }

    private static bool IsEstablished(PeerState peer) => peer.BgpState == "Established";

    private static string Cell(TimeSpan? roundTrip) => roundTrip is { } time ? $"{time.TotalMilliseconds:0.0}" : "lost";
}
