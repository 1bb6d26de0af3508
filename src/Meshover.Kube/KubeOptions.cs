using Meshover.Kube.Watching;

namespace Meshover.Kube;

/// <summary>What is asked for on the command line.</summary>
internal sealed record KubeOptions
{
    public const string UsualKubeconfig = "/etc/meshover/kubeconfig";
    public const string UsualSocket = "/run/meshover/agent.sock";

    /// <summary>Name of the Node object.</summary>
    public required string Node { get; init; }

    public SourceChoice Source { get; init; }

    /// <summary>A path; null: the pod's service account, or the usual place.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>A path; null: the credentials of the kubeconfig.</summary>
    public string? TokenFile { get; init; }

    public string Socket { get; init; } = UsualSocket;

    /// <summary>As the pod is told (the downward API), else as the kubelet calls a node: its hostname in small letters.</summary>
    public static string OwnNode() => Environment.GetEnvironmentVariable("NODE_NAME") is { Length: > 0 } told ? told : Environment.MachineName.ToLowerInvariant();
}
