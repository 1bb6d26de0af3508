using Meshover.Lab;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>Waiting for a state of the mesh, with a deadline and a message that says what was missing.</summary>
internal static class MeshWaits
{
    /// <summary>
    /// Every pair is reachable, and every node sees every other directly, with an established session that BFD watches: until then a cut link
    /// is noticed by BGP's hold time alone.
    /// </summary>
    public static async Task SettledAsync(this LabMesh mesh, CancellationToken ct)
    {
        await mesh.WaitUntilReachableAsync(new TestProgress(), ct);
        await mesh.DirectAsync(TimeSpan.FromSeconds(60), ct);
    }

    /// <summary>Every node sees every other directly, with an established session that BFD watches.</summary>
    public static async Task DirectAsync(this LabMesh mesh, TimeSpan patience, CancellationToken ct)
    {
        foreach (var node in mesh.Nodes)
            await Until.NothingIsMissingAsync($"{node.Machine.Name} is settled", patience, async () => Unsettled(mesh, await node.StatusAsync(ct)), ct);
    }

    private static string? Unsettled(LabMesh mesh, NodeStatus status)
    {
        if (status.Controller.State != "connected") return $"the controller is {status.Controller.State}";
        if (status.Peers.Count != mesh.Nodes.Count - 1) return $"{status.Peers.Count} peers";
        var wrong = status.Peers.Where(peer => peer is not { Path: "direct", BgpState: "Established", BfdState: "up" }).ToArray();
        return wrong.Length == 0 ? null : string.Join(", ", wrong.Select(peer => $"{peer.Hostname} {peer.Path} {peer.BgpState}, BFD {peer.BfdState}"));
    }
}
