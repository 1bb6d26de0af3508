using Microsoft.AspNetCore.Connections;

namespace Meshover.Controller.Hosting;

/// <summary>Lets few connections in at a time by the door of plain HTTP.</summary>
internal sealed class MonitoringDoor
{
    /// <summary>A scraper has one connection; these are for some, and for Grafana.</summary>
    public const int MostConnections = 32;

    private int _open;

    public ConnectionDelegate Limit(ConnectionDelegate next) => async context =>
    {
        try
        {
            if (Interlocked.Increment(ref _open) <= MostConnections)
                await next(context);
            else
                context.Abort(new ConnectionAbortedException("There are too many connections here."));
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    };
}
