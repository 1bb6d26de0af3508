using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Planning;

namespace Meshover.Routing.Config;

/// <summary>What is taken from any neighbour at all (prefix-list MO-MESH), before what that neighbour may originate is looked at.</summary>
internal static class MeshPrefixes
{
    // "This network", loopback, link-local, multicast and reserved (RFC 6890): never routed, whatever anybody was granted.
    private static readonly string[] _bogons4 = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];
    private static readonly string[] _bogons6 = ["::/32", "fe80::/10", "ff00::/8"];

    public static List<PrefixListEntry> V4(RoutingModel model) => Build(model.Pool4, _bogons4, model.TunnelPool);

    public static List<PrefixListEntry> V6(RoutingModel model) => Build(model.Pool6, _bogons6, model.TunnelPool);

    private static List<PrefixListEntry> Build(IPNetwork pool, string[] bogons, IPNetwork tunnelPool)
    {
        var any = pool.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? "0.0.0.0/0 le 32" : "::/0 le 128";
        var never = bogons.Select(IPNetwork.Parse).Append(tunnelPool)
            .Where(p => p.BaseAddress.AddressFamily == pool.BaseAddress.AddressFamily);
        List<(bool Permit, string Range)> entries =
        [
            (true, NodeAddresses(pool)), (false, PrefixListEntry.Within(pool)),
            .. never.Select(p => (false, PrefixListEntry.Within(p))), (true, any),
        ];
        return [.. entries.Select((e, i) => new PrefixListEntry((uint)(i + 1) * 10, e.Permit, e.Range))];
    }

    /// <summary>Single addresses of a pool.</summary>
    public static string NodeAddresses(IPNetwork pool) =>
        $"{PrefixListEntry.Text(pool)} ge {pool.BaseAddress.GetAddressBytes().Length * 8}";
}
