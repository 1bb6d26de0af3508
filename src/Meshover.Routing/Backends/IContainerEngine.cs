using System.Collections.Immutable;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Backends;

/// <summary>What runs containers: the few things of it that FRR's backend needs.</summary>
internal interface IContainerEngine
{
    /// <summary>Of a container: the image that it was made of, as some engines know no more of it than the name, which may be another's by then.</summary>
    const string ImageLabel = "meshover.image";

    /// <summary>In sentences: Docker, Podman, containerd.</summary>
    string Name { get; }

    /// <summary>How a container is to name a network namespace that is not the engine's own. Null: the engine cannot.</summary>
    Func<string, string>? NetworkAt { get; }

    /// <summary>An image that it has. Null: it has none of that name.</summary>
    /// <param name="name">Or <c>NAME@DIGEST</c>.</param>
    /// <exception cref="RoutingException">It does not answer.</exception>
    Task<ContainerImage?> FindImageAsync(string name, CancellationToken ct);

    /// <summary>Makes a container and starts it.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="RoutingException">It does not answer, or refused; a container may be left.</exception>
    Task<string> RunAsync(ContainerSpec spec, CancellationToken ct);

    /// <summary>Those with the label <c>KEY=VALUE</c>, whether they run or not.</summary>
    /// <exception cref="RoutingException">It does not answer.</exception>
    Task<ImmutableArray<ContainerState>> ListAsync(string label, CancellationToken ct);

    /// <summary>Starts a program in a container that runs, and does not wait for its end.</summary>
    /// <exception cref="RoutingException">It does not answer, or refused.</exception>
    Task StartInAsync(string container, IReadOnlyList<string> command, CancellationToken ct);

    /// <summary>Kills what runs in it, and takes it away. One that is not there is no error.</summary>
    /// <exception cref="RoutingException">It does not answer, or refused.</exception>
    Task RemoveAsync(string container, CancellationToken ct);
}

/// <param name="Name">By which it was found.</param>
/// <param name="Id">Its own digest: <c>sha256:…</c>.</param>
/// <param name="Manifests">Where it was pulled from: <c>NAME@sha256:…</c>.</param>
internal sealed record ContainerImage(string Name, string Id, ImmutableArray<string> Manifests);

/// <param name="ImageId">As <see cref="ContainerImage.Id"/>.</param>
/// <param name="Pid">Of its first process, as it is seen from here; 0: it does not run.</param>
internal sealed record ContainerState(string Id, string ImageId, int Pid);

/// <summary>A container to be made: its file system cannot be written, but for what is mounted into it.</summary>
internal sealed record ContainerSpec
{
    public required string Name { get; init; }

    public required ContainerImage Image { get; init; }

    /// <summary>The first process, which keeps the container; whatever the image says.</summary>
    public required ImmutableArray<string> Command { get; init; }

    public required ImmutableDictionary<string, string> Labels { get; init; }

    /// <summary><c>host</c>, or what <see cref="IContainerEngine.NetworkAt"/> said.</summary>
    public required string Network { get; init; }

    /// <summary>Beyond those that containers have by default.</summary>
    public required ImmutableArray<string> Capabilities { get; init; }

    /// <summary>Directories of this machine, and where they are in the container.</summary>
    public required ImmutableArray<(string Source, string Target)> Binds { get; init; }

    /// <summary>Directories in the container's own memory.</summary>
    public required ImmutableArray<string> Temporary { get; init; }

    /// <summary>Sysctls that an engine would set by itself in a namespace that it is given, and that are to stay as they are.</summary>
    public ImmutableDictionary<string, string> Sysctls { get; init; } = [];

    /// <summary>Files that a process may have open, and processes of a user: an engine's own defaults may be more than it may give.</summary>
    public required int Limit { get; init; }
}
