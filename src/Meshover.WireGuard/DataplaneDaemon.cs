using Meshover.WireGuard.Control;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard;

/// <summary>The engine's process: <c>meshover dataplane</c>.</summary>
public static class DataplaneDaemon
{
    /// <summary>
    /// Runs the engine until <paramref name="cancellationToken"/> is cancelled (the devices stay, to be adopted by the next start) or a
    /// client asks it to stop. It comes back with the configuration it had, with no agent needed.
    /// </summary>
    /// <exception cref="DataplaneException">It cannot start: another engine owns the socket, or the system refuses (no permission, no <c>/dev/net/tun</c>).</exception>
    public static Task RunAsync(
        DataplaneOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken) =>
        throw new DataplaneException(DataplaneError.Failed, "The userspace data plane is not part of this build yet.");
}
