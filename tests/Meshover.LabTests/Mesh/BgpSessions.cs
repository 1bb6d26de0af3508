using System.Text.Json;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>What FRR says of a node's sessions.</summary>
internal static class BgpSessions
{
    /// <summary>Since when each is established, in FRR's order.</summary>
    public static async Task<List<TimeSpan>> UptimesAsync(LabNode node, CancellationToken ct)
    {
        using var summary = await VtyshAsync(node, "show bgp ipv4 unicast summary json", ct);
        return [.. summary.RootElement.GetProperty("peers").EnumerateObject().Select(peer =>
            peer.Value.GetProperty("state").GetString() == "Established" ? TimeSpan.FromMilliseconds(peer.Value.GetProperty("peerUptimeMsec").GetInt64()) : TimeSpan.Zero)];
    }

    public static async Task<JsonDocument> VtyshAsync(LabNode node, string command, CancellationToken ct) => JsonDocument.Parse((await node.MeshoverAsync(["vtysh", "-c", command], ct)).Checked());
}
