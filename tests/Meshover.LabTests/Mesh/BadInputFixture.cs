using Meshover.Lab;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>A controller, n2 as its only node, and n1 as a machine on which everything is refused.</summary>
public sealed class BadInputFixture : IAsyncLifetime
{
    public LabMesh Mesh { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var ct = TestContext.Current.CancellationToken;
        Mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = "mb", Nodes = 2 }, TimeProvider.System, ct);
        await Mesh.StartControllerAsync(new TestProgress(), ct);
        await Mesh.Node(2).JoinAsync(await Mesh.Controller.CreateTokenAsync(2, ct), ct);
    }

    public ValueTask DisposeAsync() => Mesh.DisposeAsync();
}
