using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>n1 and n3 with FRR 8.4, n2 with 10.3.</summary>
public sealed class FrrReleaseMesh : IAsyncLifetime
{
    public LabMesh Mesh { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3, Systems = Systems }, TimeProvider.System, new TestProgress(), TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Mesh.DisposeAsync();

    /// <summary>For a lab of those nodes.</summary>
    public static IReadOnlyDictionary<string, string> Systems =>
        new[] { ("n1", "8.4"), ("n2", "10.3"), ("n3", "8.4") }
            .Select(node => (Node: node.Item1, System: OtherSystem.WithFrr(node.Item2)))
            .Where(node => node.System is not null).ToDictionary(node => node.Node, node => node.System!);
}
