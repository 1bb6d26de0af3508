using Meshover.Linux.LocalSockets;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>Serves routing.sock from its construction on.</summary>
internal sealed class RoutingServer : IAsyncDisposable
{
    private readonly Func<RoutingRequest, CancellationToken, Task<RoutingReply>> _handle;
    private readonly JsonServer<RoutingRequest, RoutingReply> _server;
    private readonly UnixListener _listener;

    /// <param name="handle">Does what is asked; fails with a <see cref="RoutingException"/>.</param>
    /// <param name="answering">Ends also what was begun.</param>
    /// <exception cref="RoutingException">The socket cannot be made, or another process serves it.</exception>
    public RoutingServer(string path, Func<RoutingRequest, CancellationToken, Task<RoutingReply>> handle, TimeProvider time, ILogger logger, CancellationToken answering)
    {
        _handle = handle;
        _server = new(RoutingProtocol.Terms, RoutingJson.Default.RoutingRequest, RoutingJson.Default.RoutingReply, reason => new RoutingReply { Error = reason }, AnswerAsync);
        try
        {
            _listener = new UnixListener(path, (stream, reading) => _server.ServeAsync(stream, reading, answering), time, logger);
        }
        catch (LocalSocketException e)
        {
            throw new RoutingException(e.Message, e);
        }
    }

    /// <summary>No more requests are read; those that were begun are answered before it ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        _listener.Unlink();
    }

    private async Task<RoutingReply> AnswerAsync(RoutingRequest request, CancellationToken ct)
    {
        if (!RoutingProtocol.Terms.Speaks(request.Version))
            return new RoutingReply { Error = RoutingProtocol.Terms.Refuse($"{request.Version}") };
        try
        {
            return await _handle(request, ct);
        }
        catch (RoutingException e)
        {
            return new RoutingReply { Error = e.Message };
        }
    }
}
