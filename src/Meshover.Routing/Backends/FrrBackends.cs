using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Backends;

/// <summary>The backend of each setting.</summary>
internal sealed class FrrBackends(RoutingOptions options, FrrFiles files, TimeProvider time)
{
    public IFrrBackend Of(FrrBackendConfig config) => config.Kind switch
    {
        FrrBackendKind.Docker => In(config, new DockerEngine("Docker", config.Socket, networkAt: null)),
        FrrBackendKind.Podman => In(config, new DockerEngine("Podman", config.Socket, path => $"ns:{path}")),
        FrrBackendKind.Nerdctl => In(config, new Nerdctl(config.Socket, time)),
        _ => new ProcessBackend(options, files, time),
    };

    private ContainerBackend In(FrrBackendConfig config, IContainerEngine engine) => new(config, engine, files, time);
}
