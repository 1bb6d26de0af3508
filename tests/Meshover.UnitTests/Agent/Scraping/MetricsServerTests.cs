using System.Net;
using System.Net.Sockets;
using System.Text;
using Meshover.Agent.Scraping;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Meshover.UnitTests.Agent.Scraping;

/// <summary>The agent's metrics by real HTTP: what is asked for rightly, and all else.</summary>
public sealed class MetricsServerTests : IAsyncLifetime
{
    private const int Size = 2_000_000;
    private readonly IPEndPoint _at = new(IPAddress.Loopback, FreePort());
    private readonly CancellationTokenSource _stop = new();
    private readonly MetricsServer _server;
    private Task _running = Task.CompletedTask;
    private int _made;

    public MetricsServerTests() => _server = new MetricsServer(_at, Make, NullLoggerFactory.Instance, TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        _running = _server.RunAsync(_stop.Token);
        for (var tries = 0; tries < 200; tries++)
        {
            try
            {
                using var probe = await ConnectAsync();
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    [Theory]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK")]
    [InlineData("HEAD /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 404")]
    [InlineData("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "HTTP/1.1 405")]
    [InlineData("nonsense\r\n\r\n", "HTTP/1.1 400")]
    public async Task Request_GetsItsAnswer(string request, string answer) => Assert.StartsWith(answer, await AskAsync(request), StringComparison.Ordinal);

    [Fact]
    public async Task Request_ThatIsTooLong_IsRefused()
    {
        Assert.StartsWith("HTTP/1.1 414", await AskAsync($"GET /{new string('x', 5_000)} HTTP/1.1\r\nHost: a\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431", await AskAsync($"GET /metrics HTTP/1.1\r\nHost: a\r\nX: {new string('x', 20_000)}\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 413", await AskAsync("GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_BeyondTheMost_AreClosed_AndThoseThatSayNothingSoon()
    {
        var idle = new List<TcpClient>();
        for (var i = 0; i < 40; i++)
            idle.Add(await ConnectAsync());
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        // Those that it took say nothing; the others are closed already.
        Assert.InRange(idle.Count(client => IsClosed(client)), 24, 40);
        await Task.Delay(TimeSpan.FromSeconds(14), TimeProvider.System);
        Assert.All(idle, client => Assert.True(IsClosed(client)));
        idle.ForEach(client => client.Dispose());
        Assert.StartsWith("HTTP/1.1 200", await AskAsync("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PortThatIsTaken_IsSaid()
    {
        var second = new MetricsServer(_at, Make, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = second.RunAsync(stop.Token);
        for (var tries = 0; tries < 100 && !second.Notices(null).Any(); tries++)
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        Assert.Contains("not served", Assert.Single(second.Notices(null)), StringComparison.Ordinal);
        await stop.CancelAsync();
        Assert.True(await Record.ExceptionAsync(() => running) is null or OperationCanceledException);
        Assert.Empty(_server.Notices(null));
    }

    [Fact]
    public void Address_ThatReachesBeyondTheMesh_IsSaid() => Assert.Contains("to whoever reaches it",
        Assert.Single(new MetricsServer(IPEndPoint.Parse("0.0.0.0:9100"), Make, NullLoggerFactory.Instance, TimeProvider.System).Notices(null)), StringComparison.Ordinal);

    private ReadOnlyMemory<byte> Make()
    {
        Interlocked.Increment(ref _made);
        return new byte[Size];
    }

    private static bool IsClosed(TcpClient client)
    {
        try
        {
            return client.Client.Poll(0, SelectMode.SelectRead) && client.Client.Receive(new byte[1], SocketFlags.Peek) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(_at);
        return client;
    }

    private async Task<string> AskAsync(string request)
    {
        using var client = await ConnectAsync();
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer).WaitAsync(TimeSpan.FromSeconds(20));
        }
        catch (IOException)
        {
            // What it had not read of us when it closed makes a reset of it.
        }
        return Encoding.ASCII.GetString(answer.ToArray());
    }

    private static int FreePort()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }
}
