using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.KubeConfigModels;

namespace Meshover.Kube.Clusters;

/// <summary>
/// Opens the way to the API server, and anew where something went wrong with it: kubeconfig, CA, certificate and token may have been renewed on the disk meanwhile.
/// </summary>
internal sealed class ClusterAccess(KubeOptions options) : IDisposable
{
    /// <summary>Where a pod has its service account (Kubernetes' documentation, "Accessing the Kubernetes API from a Pod").</summary>
    private const string PodToken = "/var/run/secrets/kubernetes.io/serviceaccount/token", PodCa = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);

    /// <summary>With a program that a kubeconfig gets credentials from.</summary>
    private static readonly TimeSpan PluginPatience = TimeSpan.FromSeconds(30);

    /// <summary>A server that is gone without a word is noticed after both together, over HTTP/2, which all API servers speak; over HTTP/1.1 a watch ends with its time.</summary>
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
        KubernetesClientConfiguration.ExecTimeout = PluginPatience;
        try
        {
            var (config, authorities) = from is null ? InPod() : Of(from);
            if (options.TokenFile is { } token)
                Identify(config, token);
            // The library's own check takes a certificate of any name, and one authority of a file.
            config.SslCaCerts = null;
            config.FirstMessageHandlerSetup = handler => Prepare(handler, authorities);
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

    private static (KubernetesClientConfiguration Config, X509Certificate2Collection? Authorities) InPod()
    {
        var config = KubernetesClientConfiguration.InClusterConfig();
        config.TokenProvider = new FileToken(PodToken);
        return (config, Authorities(File.ReadAllText(PodCa)));
    }

    private static (KubernetesClientConfiguration Config, X509Certificate2Collection? Authorities) Of(string kubeconfig)
    {
        var file = KubernetesClientConfiguration.LoadKubeConfig(new FileInfo(kubeconfig), useRelativePaths: true);
        var config = KubernetesClientConfiguration.BuildConfigFromConfigObject(file);
        var cluster = file.Contexts.First(context => Same(context.Name, file.CurrentContext)).ContextDetails.Cluster;
        return (config, Authorities(file.Clusters.First(entry => Same(entry.Name, cluster)).ClusterEndpoint, Path.GetDirectoryName(Path.GetFullPath(kubeconfig))!));
    }

    /// <returns>Null: those of the machine.</returns>
    private static X509Certificate2Collection? Authorities(ClusterEndpoint cluster, string directory) => cluster switch
    {
        { CertificateAuthorityData: { Length: > 0 } data } => Authorities(Encoding.UTF8.GetString(Convert.FromBase64String(data))),
        { CertificateAuthority: { Length: > 0 } path } => Authorities(File.ReadAllText(Path.Combine(directory, path))),
        _ => null,
    };

    private static X509Certificate2Collection Authorities(string pem)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(pem);
        return all.Count > 0 ? all : throw new CryptographicException("its certificate authority holds no certificate in PEM");
    }

    // As the library looks names up.
    private static bool Same(string? one, string? other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>By the token alone: an API server asks a client's certificate first.</summary>
    private static void Identify(KubernetesClientConfiguration config, string token)
    {
        config.TokenProvider = new FileToken(token);
        config.ClientCertificateData = config.ClientCertificateKeyData = config.ClientCertificateFilePath = config.ClientKeyFilePath = null;
    }

    private static void Prepare(SocketsHttpHandler handler, X509Certificate2Collection? authorities)
    {
        if (authorities is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        handler.ConnectTimeout = ConnectPatience;
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always;
        handler.KeepAlivePingDelay = PingEvery;
        handler.KeepAlivePingTimeout = PingPatience;
    }

    private static string Flat(Exception e) => (e.InnerException is { } inner && e.Message.Length == 0 ? inner : e).Message.ReplaceLineEndings(" ");
}
