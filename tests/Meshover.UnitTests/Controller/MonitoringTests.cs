using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Hosting;
using Meshover.Controller.Identity;
using Meshover.Controller.State;
using Meshover.UnitTests.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Meshover.UnitTests.Controller;

/// <summary>Metrics and graph of a running controller, by real HTTP.</summary>
public sealed class MonitoringTests : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("meshover-monitoring-").FullName;
    private readonly FakeStore _store = new();
    private readonly ControllerOptions _options;
    private MeshDirectory _directory = null!;
    private WebApplication _app = null!;

    public MonitoringTests() => _options = ConfigReader.Read(new ControllerConfig { Listen = "127.0.0.1", Port = FreePort(), MetricsListen = $"127.0.0.1:{FreePort()}" });

    private IPEndPoint At => _options.MetricsListen!;

    public async ValueTask InitializeAsync()
    {
        _directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        await _directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        _app = Build(_options, _root);
        await _app.StartAsync();
    }

    private WebApplication Build(IPEndPoint at)
    {
        var run = Directory.CreateDirectory(Path.Combine(_root, "other")).FullName;
        return Build(ConfigReader.Read(new ControllerConfig { Listen = "127.0.0.1", Port = FreePort(), MetricsListen = $"{at}" }), run);
    }

    private WebApplication Build(ControllerOptions options, string root)
    {
        var secret = CertificateAuthority.Create(TimeProvider.System.GetUtcNow());
        var tls = new TlsSetup(secret, options, EndpointGroups.Present, TimeProvider.System, NullLogger.Instance);
        return ControllerHost.Build(_directory, secret, EndpointGroups.Present, tls, options, new ControllerPaths { State = root, Run = root });
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _directory.DisposeAsync();
        await _store.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task EveryPage_IsServed()
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://{At}") };
        var metrics = await client.GetAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", metrics.Content.Headers.ContentType!.ToString());
        Assert.Equal(0, Scrape.Parse(await metrics.Content.ReadAsStringAsync())["meshover_nodes{state=\"ok\"}"]);
        foreach (var path in new[] { "/api/graph/fields", "/api/graph/data", "/api/health", "/api/graph/data?query=x" })
            JsonDocument.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative))).Dispose();
    }

    [Theory]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("HEAD /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "HTTP/1.1 404")] // as all that the gate does not know
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 404")]
    [InlineData("POST /meshover.v1.AdminService/CreateToken HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "HTTP/1.1 404")]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n", "HTTP/1.1 413")]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 413")]
    [InlineData("nonsense\r\n\r\n", "HTTP/1.1 400")]
    public async Task Request_GetsItsAnswer(string request, string answer)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(At);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        var buffer = new byte[answer.Length];
        await client.GetStream().ReadExactlyAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(answer, Encoding.ASCII.GetString(buffer));
    }

    [Fact]
    public async Task Metrics_AreNotServedByTheNodesDoor()
    {
        RemoteCertificateValidationCallback any = (_, certificate, _, _) => certificate is not null; // who answers is not what is asked here
        // Under any name but the nodes' the console answers, which speaks HTTP/1.1.
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = any } });
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(new Uri($"https://127.0.0.1:{_options.Port}/metrics"))).StatusCode);
    }

    [Fact]
    public void Port_FoundFree_IsKeptUntilItIsServed()
    {
        var options = ConfigReader.Read(new ControllerConfig { Listen = "127.0.0.1", Port = FreePort(), MetricsListen = $"127.0.0.1:{FreePort()}" });
        using var listener = new MonitoringListener(options, TimeProvider.System, NullLogger<MonitoringListener>.Instance);

        listener.TryOpen();

        using var other = new TcpListener(options.MetricsListen!);
        Assert.Equal(SocketError.AddressAlreadyInUse, Assert.Throws<SocketException>(other.Start).SocketErrorCode);
        using var served = listener.Bind(options.MetricsListen!);
        Assert.Equal(options.MetricsListen, served.LocalEndPoint);
    }

    [Fact]
    public async Task Connections_BeyondTheMost_AreClosed_AndTheOthersServed()
    {
        var open = new List<TcpClient>();
        for (var i = 0; i < MonitoringDoor.MostConnections; i++)
        {
            open.Add(new TcpClient());
            await open[^1].ConnectAsync(At);
            await open[^1].GetStream().WriteAsync("GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
            Assert.True(await open[^1].GetStream().ReadAsync(new byte[4096]) > 0);
        }
        using var more = new TcpClient();
        // It may be closed before the kernel has told us that it was open.
        var closed = await Record.ExceptionAsync(async () =>
        {
            await more.ConnectAsync(At);
            Assert.Equal(0, await more.GetStream().ReadAsync(new byte[1]));
        });
        Assert.True(closed is null or IOException or SocketException { SocketErrorCode: SocketError.ConnectionReset }, $"{closed}");
        open[0].Dispose();
        using var client = new HttpClient();
        for (var tries = 0; ; tries++)
        {
            try
            {
                await client.GetStringAsync(new Uri($"http://{At}/api/health"));
                break;
            }
            catch (HttpRequestException) when (tries < 50)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
        open.ForEach(one => one.Dispose());
    }

    [Fact]
    public async Task PortThatIsTaken_KeepsNobodyFromTheController_AndIsServedWhenItIsFree()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var at = (IPEndPoint)other.LocalEndpoint;
        await using var app = Build(at);
        await app.StartAsync();
        var listener = app.Services.GetRequiredService<MonitoringListener>();
        Assert.False(listener.IsOpen);
        listener.TryOpen();
        Assert.False(listener.IsOpen);
        other.Stop();
        listener.TryOpen();
        Assert.True(listener.IsOpen);
        using var client = new HttpClient();
        for (var tries = 0; ; tries++)
        {
            try
            {
                Assert.Contains("meshover_nodes", await client.GetStringAsync(new Uri($"http://{at}/metrics")), StringComparison.Ordinal);
                break;
            }
            catch (HttpRequestException) when (tries < 100)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
        await app.StopAsync();
    }

    [Fact]
    public async Task AddressThatIsNotThereYet_KeepsNobodyFromTheController()
    {
        await using var app = Build(IPEndPoint.Parse("192.0.2.77:12915")); // RFC 5737: no machine has it
        await app.StartAsync();
        Assert.True(app.Services.GetRequiredService<MonitoringListener>().IsOpen);
        await app.StopAsync();
    }

    [Theory]
    [InlineData(null, "127.0.0.1:12915")]
    [InlineData("off", "")]
    [InlineData("[::1]:9000", "[::1]:9000")]
    [InlineData("0.0.0.0:9000", "0.0.0.0:9000")]
    public void MetricsListen_IsRead(string? text, string expected) =>
        Assert.Equal(expected, ConfigReader.Read(new ControllerConfig { MetricsListen = text }).MetricsListen?.ToString() ?? "");

    [Theory]
    [InlineData("9000")]
    [InlineData("localhost:9000")]
    [InlineData("127.0.0.1")]
    [InlineData("127.1:9000")]
    [InlineData("127.0.0.1:0")]
    [InlineData("")]
    public void MetricsListen_ThatIsNone_IsRefused(string text) =>
        Assert.StartsWith("metricsListen: ", Assert.Throws<ConfigException>(() => ConfigReader.Read(new ControllerConfig { MetricsListen = text })).Message, StringComparison.Ordinal);

    private static int FreePort()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }
}
