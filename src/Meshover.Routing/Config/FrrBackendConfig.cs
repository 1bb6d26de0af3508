using System.Text.Json.Serialization;

namespace Meshover.Routing.Config;

/// <summary>Where FRR's daemons run.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FrrBackendKind>))]
public enum FrrBackendKind
{
    /// <summary>On this machine, as processes of it.</summary>
    Process,

    /// <summary>In a container of Docker's.</summary>
    Docker,

    /// <summary>In a container of Podman's.</summary>
    Podman,

    /// <summary>In a container of containerd's, by nerdctl.</summary>
    Nerdctl,

    /// <summary>Nowhere: somebody else routes, and <c>meshover routing</c> does not run.</summary>
    None,
}

/// <summary>Where FRR's daemons are to run.</summary>
/// <param name="Kind">Process, or an engine of containers; never none, of which <c>meshover routing</c> hears nothing.</param>
/// <param name="Image">Of the container: <c>NAME[:TAG][@sha256:…]</c>; empty for processes.</param>
/// <param name="Socket">Absolute path of the engine's socket; empty for processes.</param>
public sealed record FrrBackendConfig(FrrBackendKind Kind, string Image, string Socket)
{
    /// <summary>The image that deploy/frr/Dockerfile makes.</summary>
    public const string DefaultImage = "meshover-frr";

    /// <summary>What holds where nothing is set.</summary>
    public static FrrBackendConfig Process { get; } = new(FrrBackendKind.Process, "", "");

    /// <summary>By what is set, with the defaults of the rest.</summary>
    /// <param name="image">Null: <see cref="DefaultImage"/>.</param>
    /// <param name="socket">Null: where Debian's package of the engine has it.</param>
    public static FrrBackendConfig Of(FrrBackendKind kind, string? image, string? socket) => kind is FrrBackendKind.Process or FrrBackendKind.None
        ? Process
        : new(kind, image ?? DefaultImage, socket ?? DefaultSocket(kind));

    /// <summary>As the setting says it.</summary>
    [JsonIgnore]
    public string Name => NameOf(Kind);

    internal static string NameOf(FrrBackendKind kind) => kind switch
    {
        FrrBackendKind.Docker => "docker",
        FrrBackendKind.Podman => "podman",
        FrrBackendKind.Nerdctl => "nerdctl",
        FrrBackendKind.None => "none",
        _ => "process",
    };

    private static string DefaultSocket(FrrBackendKind kind) => kind switch
    {
        FrrBackendKind.Docker => "/run/docker.sock",
        FrrBackendKind.Podman => "/run/podman/podman.sock",
        _ => "/run/containerd/containerd.sock",
    };
}
