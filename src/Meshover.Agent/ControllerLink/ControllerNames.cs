using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Meshover.Agent.ControllerLink;

/// <summary>
/// The addresses of controllers' names. With dead name servers a look-up takes a minute, longer than a connection is waited for: so one
/// that is under way goes on, and is there for the next attempt; and the last good answer is kept.
/// </summary>
internal sealed class ControllerNames(Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    private readonly ConcurrentDictionary<string, IPAddress[]> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, Task<IPAddress[]>> _running = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The last good answer, or the address itself where the host is one; empty: there was none yet.</summary>
    public IPAddress[] Known(string host) => IPAddress.TryParse(host, out var literal) ? [literal] : _known.GetValueOrDefault(host, []);

    /// <exception cref="SocketException">The name does not resolve.</exception>
    public async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [literal];
        return await _running.GetOrAdd(host, Begin).WaitAsync(cancellationToken);
    }

    private async Task<IPAddress[]> Begin(string host)
    {
        await Task.Yield(); // so that it is in the list of those that run before it can end
        try
        {
            var addresses = await resolve(host, CancellationToken.None);
            if (addresses.Length > 0)
                _known[host] = addresses;
            return addresses;
        }
        finally
        {
            _running.TryRemove(host, out _);
        }
    }
}
