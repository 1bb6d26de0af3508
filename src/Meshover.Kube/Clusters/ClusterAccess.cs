using k8s;
using k8s.Authentication;

namespace Meshover.Kube.Clusters;

/// <summary>
/// Opens the way to the API server, and anew where something went wrong with it: kubeconfig, CA, certificate and token may have been renewed on the disk meanwhile.
/// </summary>
internal sealed class ClusterAccess(KubeOptions options) : IDisposable
{
    /// <summary>Where a pod has its service account (Kubernetes' documentation, "Accessing the Kubernetes API from a Pod").</summary>
    private const string PodToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);

    /// <summary>A server that is gone without a word is noticed after both together.</summary>
    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(20), PingPatience = TimeSpan.FromSeconds(10);

    private ClusterApi? _open;

    /// <summary>Of the server, as it was last; null: it is not known.</summary>
    public string? Address { get; private set; }

    /// <exception cref="ClusterException">How to reach it is not known, or cannot be used.</exception>
    public ClusterApi Open() => _open ??= Make();

    /// <summary>The next one is opened from what is on the disk then.</summary>
    public void Close()
    {
        _open?.Dispose();
        _open = null;
    }

    public void Dispose() => Close();

    private ClusterApi Make()
    {
        var from = options.Kubeconfig ?? (KubernetesClientConfiguration.IsInCluster() ? null : KubeOptions.UsualKubeconfig);
        try
        {
            var config = from is null ? InPod() : KubernetesClientConfiguration.BuildConfigFromConfigFile(new FileInfo(from), useRelativePaths: true);
            if (options.TokenFile is { } token)
                config.TokenProvider = new FileToken(token);
            config.FirstMessageHandlerSetup = Prepare;
            config.UserAgent = "meshover-kube";
            Address = config.Host;
            return new ClusterApi(new Kubernetes(config), config.TlsServerName);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // What the library and its parsers throw for a file that is no kubeconfig is of many types.
            throw new ClusterException(ClusterFault.Unconfigured, $"cannot be asked, as {from ?? "the pod's service account"} cannot be used: {Flat(e)}", e);
        }
    }

    private static KubernetesClientConfiguration InPod()
    {
        var config = KubernetesClientConfiguration.InClusterConfig();
        config.TokenProvider = new FileToken(PodToken);
        return config;
    }

    private static void Prepare(SocketsHttpHandler handler)
    {
        handler.ConnectTimeout = ConnectPatience;
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always;
        handler.KeepAlivePingDelay = PingEvery;
        handler.KeepAlivePingTimeout = PingPatience;
    }

    private static string Flat(Exception e) => (e.InnerException is { } inner && e.Message.Length == 0 ? inner : e).Message.ReplaceLineEndings(" ");
}
