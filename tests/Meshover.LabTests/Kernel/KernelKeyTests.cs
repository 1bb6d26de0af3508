using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Kernel;

/// <summary>
/// Nodes whose packets the kernel carries change their WireGuard keys. It has one key and ends all sessions with it, so some packets are lost.
/// </summary>
[Collection(KernelMeshCollection.Name)]
public sealed class KernelKeyTests(KernelMeshFixture fixture)
{
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(1);
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task RotateKey_OfOneNodeThenOfAnother_LosesAtMostASecondOfEachPeer()
    {
        await fixture.ReachableAsync(_ct);
        var from = _mesh.Node(1).Workload;
        var pings = _mesh.Nodes.Skip(1)
            .Select(node => SteadyPing.Start(from, AddressPlan.Workload4(node.Number), TimeProvider.System)).ToArray();
        try
        {
            foreach (var node in _mesh.Nodes.Take(2))
                (await node.MeshoverAsync(["rotate-key", "--timeout", "180"], _ct)).Checked();
            var reports = await Task.WhenAll(pings.Select(ping => ping.StopAsync()));
            var told = string.Join('\n', [.. reports.Select(report => report.ToString()), .. _mesh.Nodes.Select(node => node.Logs())]);
            Assert.All(reports, report => Assert.True(report.LongestGap <= Outage, told));
        }
        finally
        {
            foreach (var ping in pings)
                await ping.DisposeAsync();
        }
    }
}
