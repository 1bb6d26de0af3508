using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>Serves routing.sock: who may open it may do everything (mode 0600), so nothing else is asked of a caller.</summary>
internal sealed partial class RoutingServer(string path, Func<RoutingRequest, CancellationToken, Task<RoutingReply>> handle, TimeProvider time, ILogger logger) : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private bool _ours;

    /// <exception cref="RoutingException">The socket cannot be made, or another process serves it.</exception>
    public void Listen()
    {
        try
        {
            if (IsServed()) throw new RoutingException($"Another `meshover routing` already serves {path}: stop it first");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Delete(path);
            _listener.Bind(new UnixDomainSocketEndPoint(path));
            _ours = true;
            File.SetUnixFileMode(path, OwnerOnly);
            _listener.Listen();
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw new RoutingException($"The socket {path} cannot be made: {e.Message}; run as root", e);
        }
    }

    /// <summary>Serves until <paramref name="accepting"/> is cancelled; requests that were begun are answered before it ends.</summary>
    /// <param name="accepting">Ends the reading of requests.</param>
    /// <param name="answering">Ends the answering, too.</param>
    public async Task RunAsync(CancellationToken accepting, CancellationToken answering)
    {
        var open = new HashSet<Task>();
        try
        {
            while (true)
            {
                var connection = await AcceptAsync(accepting);
                open.RemoveWhere(t => t.IsCompleted);
                open.Add(ServeAsync(connection, accepting, answering));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        if (_ours) File.Delete(path);
    }

    /// <summary>The next caller. Out of descriptors we are deaf for a moment and not for ever; the pause is for the processor.</summary>
    private async Task<Socket> AcceptAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return await _listener.AcceptAsync(ct);
            }
            catch (SocketException e)
            {
                LogNotAccepted(e.Message);
            }
            await Task.Delay(_pause, time, ct);
        }
    }

    private bool IsServed()
    {
        if (!File.Exists(path)) return false;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false; // left by a process that was killed
        }
    }

    private async Task ServeAsync(Socket connection, CancellationToken accepting, CancellationToken answering)
    {
        using (connection)
        {
            var lines = new JsonLines(new NetworkStream(connection));
            try
            {
                var goOn = true;
                while (goOn) goOn = await ServeNextAsync(lines, accepting, answering);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                LogConnectionEnded(e.Message);
            }
        }
    }

    /// <returns>False at the end of the stream, and after a line that was no request.</returns>
    private async Task<bool> ServeNextAsync(JsonLines lines, CancellationToken accepting, CancellationToken answering)
    {
        try
        {
            if (await lines.ReadAsync(RoutingJson.Default.RoutingRequest, accepting) is not { } request) return false;
            await lines.WriteAsync(await AnswerAsync(request, answering), RoutingJson.Default.RoutingReply, answering);
            return true;
        }
        catch (JsonException e)
        {
            var refusal = new RoutingReply { Error = $"this is not a request, one JSON object in a line: {e.Message}" };
            await lines.WriteAsync(refusal, RoutingJson.Default.RoutingReply, answering);
            return false;
        }
    }

    private async Task<RoutingReply> AnswerAsync(RoutingRequest request, CancellationToken ct)
    {
        if (request.Version != RoutingProtocol.Version)
            return new RoutingReply { Error = $"meshover routing speaks version {RoutingProtocol.Version} of its protocol, not {request.Version}: restart it, so that both are of one release" };
        try
        {
            return await handle(request, ct);
        }
        catch (RoutingException e)
        {
            return new RoutingReply { Error = e.Message };
        }
    }

    [LoggerMessage(LogLevel.Warning, "a caller cannot be accepted: {Reason}")]
    private partial void LogNotAccepted(string reason);

    [LoggerMessage(LogLevel.Debug, "a connection ended: {Reason}")]
    private partial void LogConnectionEnded(string reason);
}
