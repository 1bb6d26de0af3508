using Meshover.Routing.Config;

namespace Meshover.LabTests.Routing;

/// <summary>2 with its FRR in Docker, 3 in Podman, both of Debian 13; 1 and 4 with this machine's own.</summary>
public sealed class ContainerMesh : FrrMesh
{
    public const int InDocker = 2;
    public const int InPodman = 3;

    private readonly ContainerEngine[] _engines;

    public ContainerMesh() => _engines = [new DockerOfTheLab(Node(InDocker).Namespace), new PodmanOfTheLab(Node(InPodman).Namespace)];

    internal ContainerEngine EngineOf(int node) => _engines[node - InDocker];

    public override async ValueTask InitializeAsync()
    {
        await Task.WhenAll(_engines.Select(async engine =>
        {
            await engine.StartAsync();
            await engine.ImportAsync();
        }));
        Node(InDocker).Backend = EngineOf(InDocker).Backend;
        Node(InPodman).Backend = EngineOf(InPodman).Backend;
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes) node.Supervisor?.Kill(); // who would make containers anew
        foreach (var engine in _engines) await engine.DisposeAsync();
        await base.DisposeAsync();
    }
}
