using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Meshover.UnitTests.Kube.Api;

/// <summary>
/// An API server of a Kubernetes cluster, as far as nodes are concerned: over TLS, to bearers of a token, with lists, watches, versions and bookmarks as in Kubernetes'
/// documentation ("API concepts"). kubectl works with it (KubectlTests).
/// </summary>
internal sealed class ClusterServer : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-cluster-").FullName;
    private readonly Func<Func<Socket>, Socket> _within;
    private readonly IPAddress _listen;
    private readonly X509Certificate2 _certificate;
    private readonly ConcurrentDictionary<string, bool> _tokens = new(StringComparer.Ordinal);
    private WebApplication? _app;
    private CancellationTokenSource? _cut;
    private CancellationTokenSource _watching = new();
    private TaskCompletionSource _admitting = new();

    /// <param name="within">Where it listens: makes its socket in a network namespace; null: in the test's own.</param>
    /// <param name="port">0: any that is free.</param>
    /// <param name="names">Names and IPv4 addresses by which others reach it; none: it listens on loopback alone.</param>
    public ClusterServer(Func<Func<Socket>, Socket>? within = null, int port = 0, params string[] names)
    {
        _within = within ?? (make => make());
        (_listen, Port, _certificate) = (names.Length == 0 ? IPAddress.Loopback : IPAddress.Any, port, Certificate(names));
        File.WriteAllText(CaFile, _certificate.ExportCertificatePem());
        NewToken("token-1");
        _admitting.SetResult();
    }

    public ClusterStore Store { get; } = new();

    public string CaFile => Path.Combine(_directory, "ca.crt");

    /// <summary>Which the server takes at the moment.</summary>
    public string TokenFile => Path.Combine(_directory, "token");

    public string Kubeconfig => Path.Combine(_directory, "kubeconfig");

    public int Port { get; private set; }

    /// <summary>Cilium's definitions are there.</summary>
    public bool HasCilium { get; set; } = true;

    /// <summary>That a version is too old is said by the answer's status, as etcd makes it, and not by a line of the watch.</summary>
    public bool GoneByStatus { get; set; }

    /// <summary>What is answered to everything; null: what was asked for.</summary>
    public int? Refusing { get; set; }

    public TimeSpan BookmarkEvery { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Paths with their queries, as they came.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public int Watches => ClusterRoutes.Open(this);

    internal int OpenWatches;

    /// <summary>Canceled when the watches of now are to end as if their time were over.</summary>
    internal CancellationToken Watching => _watching.Token;

    /// <summary>Ends all watches, as each ends some day, and lets nobody in until something has happened.</summary>
    public async Task BetweenWatchesAsync(Action happens)
    {
        _admitting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (var former = Interlocked.Exchange(ref _watching, new CancellationTokenSource()))
            await former.CancelAsync();
        while (Watches > 0) await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        happens();
        _admitting.SetResult();
    }

    public async Task StartAsync()
    {
        _cut = new CancellationTokenSource();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = endpoint => _within(() => SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint)));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(_listen, Port, listen => listen.UseHttps(_certificate, https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
        })));
        var app = builder.Build();
        var cut = _cut.Token;
        app.Use(AdmitAsync);
        ClusterRoutes.Map(app, this, cut);
        await app.StartAsync();
        Port = new Uri(app.Urls.Single()).Port;
        _app = app;
        WriteKubeconfig();
    }

    /// <summary>Gone, with all its connections.</summary>
    public async Task StopAsync()
    {
        if (_app is null) return;
        await _cut!.CancelAsync();
        await _app.StopAsync(new CancellationToken(canceled: true)).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await _app.DisposeAsync();
        _cut.Dispose();
        _app = null;
    }

    /// <summary>From now on this is the token, and all others have expired.</summary>
    /// <param name="write">Whoever renews it has done so already.</param>
    public void NewToken(string token, bool write = true)
    {
        _tokens.Clear();
        _tokens[token] = true;
        if (write) File.WriteAllText(TokenFile, token + "\n");
    }

    public JsonObject PutNode(string name, params string[] podCidrs) => Store.Put("nodes", new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = podCidrs.Length == 0 ? [] : new JsonObject { ["podCIDR"] = podCidrs[0], ["podCIDRs"] = Texts(podCidrs) },
    });

    public JsonObject PutCiliumNode(string name, JsonObject ipam) => Store.Put("ciliumnodes", new JsonObject
    {
        ["apiVersion"] = "cilium.io/v2",
        ["kind"] = "CiliumNode",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["ipam"] = ipam },
    });

    /// <summary>As of the mode "cluster-pool".</summary>
    public JsonObject PutCiliumNode(string name, params string[] podCidrs) => PutCiliumNode(name, new JsonObject { ["podCIDRs"] = Texts(podCidrs) });

    public static JsonArray Texts(params string[] texts) => [.. texts.Select(text => JsonValue.Create(text))];

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _certificate.Dispose();
        _watching.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task AdmitAsync(HttpContext context, RequestDelegate next)
    {
        Asked.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
        await _admitting.Task;
        var header = $"{context.Request.Headers.Authorization}";
        // Who has a certificate is whom that says, whatever the token.
        if (context.Connection.ClientCertificate is { } certificate)
            await ClusterRoutes.RefuseAsync(context, 403, "Forbidden", $"{certificate.Subject} may read nothing");
        else if (!header.StartsWith("Bearer ", StringComparison.Ordinal) || !_tokens.ContainsKey(header["Bearer ".Length..]))
            await ClusterRoutes.RefuseAsync(context, 401, "Unauthorized", "Unauthorized");
        else if (Refusing is { } status)
            await ClusterRoutes.RefuseAsync(context, status, "Refused", $"refused by the test with {status}");
        else
            await next(context);
    }

    private void WriteKubeconfig() => File.WriteAllText(Kubeconfig, $$"""
        apiVersion: v1
        kind: Config
        current-context: test
        clusters:
        - name: test
          cluster:
            server: https://127.0.0.1:{{Port}}
            certificate-authority: {{CaFile}}
        users:
        - name: test
          user:
            token: {{_tokens.Keys.Single()}}
        contexts:
        - name: test
          context:
            cluster: test
            user: test

        """);

    /// <summary>Signed by itself, and an authority.</summary>
    /// <param name="also">Names and addresses beside 127.0.0.1.</param>
    internal static X509Certificate2 Certificate(params string[] also)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=cluster", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        foreach (var name in also)
        {
            if (IPAddress.TryParse(name, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(name);
        }
        request.CertificateExtensions.Add(names.Build());
        // By these authorities of one name are told apart, as of a cluster that renews its own.
        var identifier = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(identifier);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }
}
