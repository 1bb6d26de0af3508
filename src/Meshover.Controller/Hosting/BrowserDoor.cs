using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Meshover.Controller.Hosting;

/// <summary>
/// Keeps connections that are no node's to a count of their own: whoever comes under another TLS name has shown no certificate, and must not take the
/// connections from the nodes.
/// </summary>
internal sealed class BrowserDoor(EndpointGroups groups)
{
    /// <summary>A browser has some six while it loads a page, then one.</summary>
    public const int MostConnections = 2_000;
    public const int MostOfAddress = 128;

    private readonly ConcurrentDictionary<IPAddress, int> _open = new();
    private int _all;

    /// <summary>Behind TLS, which tells the name.</summary>
    public ConnectionDelegate Limit(ConnectionDelegate next) => async context =>
    {
        var name = context.Features.Get<ITlsHandshakeFeature>()?.HostName ?? "";
        if (groups.ServerNames.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            await next(context);
            return;
        }
        var from = (context.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        try
        {
            if (_open.AddOrUpdate(from, 1, (_, open) => open + 1) <= MostOfAddress & Interlocked.Increment(ref _all) <= MostConnections)
                await next(context);
            else
                context.Abort(new ConnectionAbortedException("There are too many connections of browsers."));
        }
        finally
        {
            Interlocked.Decrement(ref _all);
            if (_open.AddOrUpdate(from, 0, (_, open) => open - 1) <= 0)
                _open.TryRemove(new KeyValuePair<IPAddress, int>(from, 0));
        }
    };
}
