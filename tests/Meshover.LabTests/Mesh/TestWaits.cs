using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>What most tests wait for first.</summary>
internal static class TestWaits
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
}
