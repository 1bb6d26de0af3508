using Meshover.Lab;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>A controller and a node on one machine.</summary>
public sealed class SharedMachineTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ControllerAndNode_InOneNamespace_LiveTogether()
    {
        await using var mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 2 }, TimeProvider.System, _ct);
        var controller = new LabController(mesh.Node(1).Machine, TimeProvider.System);
        await controller.InitAsync(AddressesOf(1), _ct);
        controller.Serve();
        await controller.WaitAsync(_ct);
        foreach (var node in mesh.Nodes) await node.JoinAsync(await controller.CreateTokenAsync(node.Number, _ct), _ct);

        await mesh.SettledAsync(_ct);

        // The node goes and comes back beside the controller, which is not disturbed.
        (await mesh.Node(1).MeshoverAsync(["down"], _ct)).Checked();
        await controller.WaitAsync(_ct);
        (await mesh.Node(1).UpAsync(input: null, [], _ct)).Checked();
        await mesh.SettledAsync(_ct);
    }

    private static IReadOnlyList<string> AddressesOf(int node) => [$"2001:db8::{node}", $"192.0.2.{node}"];
}
