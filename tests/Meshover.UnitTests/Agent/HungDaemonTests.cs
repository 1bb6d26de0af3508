using System.Net.Sockets;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent;

/// <summary>Something listens on a daemon's socket and never answers.</summary>
public sealed class HungDaemonTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("meshover-hung-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly FakeTimeProvider _time = new();

    public HungDaemonTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
    }

    private string Path => System.IO.Path.Combine(_directory.FullName, "hung.sock");

    public void Dispose()
    {
        _listener.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Dataplane_DoesNotAnswer_IsUnreachableAfterAMinute()
    {
        var call = new DataplaneClient(Path, _time).GetStatusAsync();
        await PassMinuteAsync(call);

        Assert.Equal(DataplaneError.Unreachable, (await Assert.ThrowsAsync<DataplaneException>(() => call)).Error);
    }

    [Fact]
    public async Task Routing_DoesNotAnswer_IsGivenUpAfterAMinute()
    {
        var call = new RoutingClient(Path, _time).GetStatusAsync();
        await PassMinuteAsync(call);

        Assert.NotNull((await Assert.ThrowsAsync<RoutingException>(() => call)).InnerException);
    }

    [Fact]
    public async Task Dataplane_TheCallerCancels_IsToldSo()
    {
        using var cancelled = new CancellationTokenSource();
        var call = new DataplaneClient(Path, _time).GetStatusAsync(cancelled.Token);
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience));
    }

    private async Task PassMinuteAsync(Task call)
    {
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(call.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Task.WhenAny(call, Task.Delay(Patience, TimeProvider.System));
    }
}
