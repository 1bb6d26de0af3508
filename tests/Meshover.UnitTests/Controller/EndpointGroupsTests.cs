using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Hosting;
using Meshover.Controller.Identity;
using Meshover.Controller.State;
using Meshover.Mesh.Trust;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Meshover.UnitTests.Controller;

/// <summary>Who reaches what; with two groups more than there are, each of which is an entry and nothing else.</summary>
public sealed class EndpointGroupsTests
{
    private const string OperatorsName = "console.example";

    private static readonly EndpointGroup Browser = new()
    {
        Name = "browser",
        Door = Door.Network,
        Protocols = HttpProtocols.Http1AndHttp2,
        SignIn = SignIn.ByEndpoint,
        Map = endpoints => endpoints.Map("/console", endpoints.CreateApplicationBuilder().UseWebSockets().Use(ServeAsync).Build()),
    };

    private static readonly EndpointGroup Metrics = new()
    {
        Name = "metrics",
        Door = Door.AdminSocket,
        Protocols = HttpProtocols.Http1,
        SignIn = SignIn.LocalProcess,
        Map = endpoints => endpoints.MapGet("/metrics", (RequestDelegate)(context => context.Response.WriteAsync("meshover_nodes 0"))),
    };

    private static readonly Dictionary<string, EndpointGroup> Groups = new[] { EndpointGroup.Nodes, EndpointGroup.Administration, Browser, Metrics }
        .ToDictionary(group => group.Name);

    private static EndpointGroups All => new([.. Groups.Values]);

    [Theory]
    [InlineData("nodes", "Network", ContractRevision.ServerName, "HTTP/2", true)]
    [InlineData("nodes", "Network", ContractRevision.ServerName, "HTTP/2", false, false)]
    [InlineData("administration", "AdminSocket", "", "HTTP/2", false, false)]
    [InlineData("nodes", "Network", "NODE.meshover", "HTTP/2", true)]
    [InlineData("nodes", "Network", ContractRevision.ServerName, "HTTP/1.1", false)]
    [InlineData("nodes", "Network", OperatorsName, "HTTP/2", false)]
    [InlineData("nodes", "Network", "", "HTTP/2", false)]
    [InlineData("nodes", "AdminSocket", "", "HTTP/2", false)]
    [InlineData("nodes", null, ContractRevision.ServerName, "HTTP/2", false)]
    [InlineData("administration", "AdminSocket", "", "HTTP/2", true)]
    [InlineData("administration", "Network", ContractRevision.ServerName, "HTTP/2", false)]
    [InlineData("administration", "Network", OperatorsName, "HTTP/2", false)]
    [InlineData("browser", "Network", OperatorsName, "HTTP/1.1", true)]
    [InlineData("browser", "Network", "", "HTTP/2", true)]
    [InlineData("browser", "Network", ContractRevision.ServerName, "HTTP/2", false)]
    [InlineData("browser", "AdminSocket", "", "HTTP/2", false)]
    [InlineData("metrics", "AdminSocket", "", "HTTP/1.1", true)]
    [InlineData("metrics", "AdminSocket", "", "HTTP/2", false)]
    [InlineData(null, "Network", ContractRevision.ServerName, "HTTP/2", false)]
    [InlineData(null, "AdminSocket", "", "HTTP/2", false)]
    public async Task Request_ReachesTheGroupsOfItsOwnKindOfConnectionAlone(string? group, string? door, string serverName, string protocol, bool passes, bool isSignedIn = true)
    {
        var context = new DefaultHttpContext();
        // Whatever the path looks like.
        context.Request.Path = "/MESHOVER.V1.ADMINSERVICE/CreateToken";
        context.Request.Protocol = protocol;
        if (door is not null)
            context.Features.Set(new CameBy(Enum.Parse<Door>(door)));
        context.Features.Set<ITlsHandshakeFeature>(new Handshake(serverName));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=n1", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        if (isSignedIn)
        {
            context.Connection.ClientCertificate = certificate;
            context.Features.Set(Actor.Process(0, 1));
        }
        context.SetEndpoint(new Endpoint(null, group is null ? EndpointMetadataCollection.Empty : new EndpointMetadataCollection(Groups[group]), "test"));
        var hasPassed = false;

        await All.GuardAsync(context, _ =>
        {
            hasPassed = true;
            return Task.CompletedTask;
        });

        Assert.Equal((passes, passes ? 200 : 404), (hasPassed, context.Response.StatusCode));
        Assert.Equal(passes, context.GetEndpoint() is not null);
    }

    [Fact]
    public void Handshake_HasTheProtocolsAndTheSignInOfWhatIsServedUnderItsName()
    {
        var (present, all) = (Tls(EndpointGroups.Present), Tls(All));

        Assert.All([present, all], tls =>
        {
            Assert.Equal([SslApplicationProtocol.Http2], tls.OptionsOf(ContractRevision.ServerName).ApplicationProtocols);
            Assert.True(tls.OptionsOf(ContractRevision.ServerName).ClientCertificateRequired);
            Assert.False(tls.OptionsOf(OperatorsName).ClientCertificateRequired);
        });
        Assert.Equal([SslApplicationProtocol.Http11], present.OptionsOf(OperatorsName).ApplicationProtocols);
        Assert.Equal([SslApplicationProtocol.Http2, SslApplicationProtocol.Http11], all.OptionsOf(OperatorsName).ApplicationProtocols);
        Assert.Equal(HttpProtocols.Http1AndHttp2, EndpointGroups.Present.ProtocolsAt(Door.Network));
        Assert.Equal(HttpProtocols.Http1AndHttp2, All.ProtocolsAt(Door.Network));
    }

    [Fact]
    public async Task BrowserGroup_IsServedByARunningController_WithWebSockets_AndNothingElseIsBesideIt()
    {
        var root = Directory.CreateTempSubdirectory("meshover-groups-").FullName;
        await using var store = new FakeStore();
        await using var directory = await MeshDirectory.OpenAsync(store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        await directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        var (paths, options) = (new ControllerPaths { State = root, Run = root }, ConfigReader.Read(new ControllerConfig { Listen = "127.0.0.1", Port = FreePort() }));
        var secret = CertificateAuthority.Create(TimeProvider.System.GetUtcNow());
        var groups = new EndpointGroups(EndpointGroup.Nodes, EndpointGroup.Administration, Browser);
        var tls = new TlsSetup(secret, options, groups, TimeProvider.System, NullLogger.Instance);
        await using var app = ControllerHost.Build(directory, secret, groups, tls, options, paths);
        await app.StartAsync();

        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { TargetHost = OperatorsName, RemoteCertificateValidationCallback = IsOurs },
        });
        client.BaseAddress = new Uri($"https://127.0.0.1:{options.Port}");
        Assert.Equal("hello by HTTP/1.1", await client.GetStringAsync(new Uri("/console", UriKind.Relative)));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/console") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.Equal("hello by HTTP/2", await (await client.SendAsync(request)).Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync(new Uri("/meshover.v1.MeshService/Enroll", UriKind.Relative), null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync(new Uri("/meshover.v1.AdminService/CreateToken", UriKind.Relative), null)).StatusCode);

        using var socket = new ClientWebSocket();
        socket.Options.RemoteCertificateValidationCallback = IsOurs;
        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{options.Port}/console"), CancellationToken.None);
        Assert.Equal(WebSocketState.Open, socket.State);
        socket.Abort();

        await app.StopAsync();
        Directory.Delete(root, recursive: true);
    }

    private static async Task ServeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            return;
        }
        await context.Response.WriteAsync($"hello by {context.Request.Protocol}");
    }

    // Where the operator has given none, the mesh's own is shown under every name.
    private static bool IsOurs(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors) =>
        shown is X509Certificate2 server && server.MatchesHostname(ContractRevision.ServerName);

    private static TlsSetup Tls(EndpointGroups groups) =>
        new(CertificateAuthority.Create(TimeProvider.System.GetUtcNow()), ConfigReader.Read(new ControllerConfig()), groups, TimeProvider.System, NullLogger.Instance);

    private static int FreePort()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    private sealed class Handshake(string hostName) : ITlsHandshakeFeature
    {
        public string HostName => hostName;

        public System.Security.Authentication.SslProtocols Protocol => System.Security.Authentication.SslProtocols.Tls13;

        public TlsCipherSuite? NegotiatedCipherSuite => null;

#pragma warning disable SYSLIB0058 // the interface's own, which nobody asks here
        public System.Security.Authentication.CipherAlgorithmType CipherAlgorithm => default;

        public int CipherStrength => 0;

        public System.Security.Authentication.HashAlgorithmType HashAlgorithm => default;

        public int HashStrength => 0;

        public System.Security.Authentication.ExchangeAlgorithmType KeyExchangeAlgorithm => default;

        public int KeyExchangeStrength => 0;
#pragma warning restore SYSLIB0058
    }
}
