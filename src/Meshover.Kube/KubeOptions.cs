using System.Net;
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

    /// <summary>As the pod is told (the downward API), else as the kubelet calls its node.</summary>
    public static string OwnNode() => Environment.GetEnvironmentVariable("NODE_NAME") is { Length: > 0 } told ? told : NodeOf(Dns.GetHostName());

    /// <summary>The hostname whole, with its domain where it has one, in small letters (<c>GetHostname</c>, Kubernetes' pkg/util/node).</summary>
    public static string NodeOf(string hostname) => hostname.Trim().ToLowerInvariant();
}
