using Meshover.Controller.Api;
using Microsoft.AspNetCore.Connections;

namespace Meshover.Controller.Hosting;

/// <summary>Ends connections of an address that opens too many, before a handshake costs anything.</summary>
internal sealed partial class ConnectionGuard(IServiceProvider services)
{
    private readonly CallerLimits _limits = services.GetRequiredService<CallerLimits>();
    private readonly ILogger _log = services.GetRequiredService<ILogger<ConnectionGuard>>();
    private readonly LogPace _pace = new(services.GetRequiredService<TimeProvider>(), atOnce: 1, every: TimeSpan.FromSeconds(10));

    public ConnectionDelegate Limit(ConnectionDelegate next) => async context =>
    {
        using var lease = _limits.Connect(context.RemoteEndPoint);
        if (lease.IsAcquired)
        {
            await next(context);
            return;
        }
        ControllerMeter.RefusedConnections.Add(1);
        context.Abort(new ConnectionAbortedException("Its address has too many connections."));
        if (_pace.TryPass(out var held))
            LogRefused(_log, context.RemoteEndPoint?.ToString(), held);
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection from {From} was closed: its address opens too many (and {Held} more, not logged)")]
    private static partial void LogRefused(ILogger logger, string? from, long held);
}
