using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>The process <c>meshover routing</c>: keeps zebra, bgpd and bfdd alive and applies what the agent renders.</summary>
public static class RoutingDaemon
{
    /// <summary>Runs until cancelled, which leaves FRR running, or until <see cref="RoutingClient.StopAsync"/>, which does not.</summary>
    /// <exception cref="RoutingException">The socket cannot be made, or another process serves it.</exception>
    public static Task RunAsync(RoutingOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken ct) =>
        throw new NotSupportedException("comes with the supervisor");
}
