using Meshover.Lab;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>One mesh of three nodes for all tests of a class: they do it no lasting harm, each waits until the last one's has healed.</summary>
public sealed class MeshFixture : IAsyncLifetime
{
    public LabMesh Mesh { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 }, TimeProvider.System, new TestProgress(), TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Mesh.DisposeAsync();
}
