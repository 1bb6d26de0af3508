using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Control;

/// <summary>A unix socket, mode 0600, and a task per connection. Its file goes with <see cref="Unlink"/>.</summary>
internal sealed class UnixListener : IAsyncDisposable
{
    private const int Backlog = 64;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Stream, CancellationToken, Task> _serve;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _accepting;

    /// <param name="serve">Serves one connection until its end.</param>
    /// <exception cref="DataplaneException">Somebody listens there already, or the system refuses.</exception>
    public UnixListener(string path, Func<Stream, CancellationToken, Task> serve, TimeProvider time, ILogger logger)
    {
        Path = path;
        _serve = serve;
        _time = time;
        _logger = logger;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            RemoveStale(path);
            _socket.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, OwnerOnly); // before listening: nobody can have connected yet
            _socket.Listen(Backlog);
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            _socket.Dispose();
            throw new DataplaneException(DataplaneError.Failed, $"Cannot listen on {path}: {e.Message}. The data plane needs root.", e);
        }
        _accepting = AcceptAsync();
    }

    public string Path { get; }

    /// <summary>Takes the socket's file away; connections that are open go on.</summary>
    public void Unlink() => File.Delete(Path);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    // A socket file outlives its program; one that answers is in use.
    private static void RemoveStale(string path)
    {
        if (!File.Exists(path))
            return;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }
        throw new DataplaneException(DataplaneError.Failed, $"Another data plane answers on {path}: stop that first (`meshover down`, or delete that file).");
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _socket.AcceptAsync(_stop.Token));
                continue;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                if (_stop.IsCancellationRequested)
                    return;
                EngineLog.ConnectionFailed(_logger, Path, e.Message);
            }
            // Out of descriptors the next try fails at once, too: do not keep a processor busy with it.
            await Task.Delay(_pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        try
        {
            await using var stream = new NetworkStream(connection, ownsSocket: true);
            await _serve(stream, _stop.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            EngineLog.ConnectionFailed(_logger, Path, e.Message);
        }
        catch (Exception e) // the task's last frame: nobody awaits it
        {
            EngineLog.ConnectionFault(_logger, e, Path);
        }
    }
}
