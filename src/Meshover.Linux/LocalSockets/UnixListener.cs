using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Meshover.Linux.LocalSockets;

/// <summary>A unix socket, mode 0600, and a task per connection: who may open it may do everything. Its file goes with <see cref="Unlink"/>.</summary>
public sealed partial class UnixListener : IAsyncDisposable
{
    private const int Backlog = 64;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Stream, CancellationToken, Task> _serve;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HashSet<Task> _open = [];
    private readonly Task _accepting;

    /// <param name="serve">Serves one connection until its end; cancelled, it ends what it began.</param>
    /// <exception cref="LocalSocketException">Somebody listens there already, or the system refuses.</exception>
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
            throw new LocalSocketException($"Cannot listen on {path}: {e.Message}. It needs root.", e);
        }
        _accepting = AcceptAsync();
    }

    public string Path { get; }

    /// <summary>Takes the socket's file away; connections that are open go on.</summary>
    public void Unlink() => File.Delete(Path);

    /// <summary>Ends when all connections have.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_open).ConfigureAwait(false);
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
        throw new LocalSocketException($"Another program already serves {path}: stop that first (`meshover down`).");
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var connection = await _socket.AcceptAsync(_stop.Token).ConfigureAwait(false);
                _open.RemoveWhere(task => task.IsCompleted);
                _open.Add(ServeAsync(connection));
                continue;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                if (_stop.IsCancellationRequested)
                    return;
                LogEnded(_logger, Path, e.Message);
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
            await _serve(stream, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            LogEnded(_logger, Path, e.Message);
        }
        catch (Exception e) // the task's last frame: nobody awaits it
        {
            LogFault(_logger, e, Path);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A connection on {Socket} ended: {Reason}")]
    private static partial void LogEnded(ILogger logger, string socket, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request on {Socket} failed; its connection is closed")]
    private static partial void LogFault(ILogger logger, Exception fault, string socket);
}
