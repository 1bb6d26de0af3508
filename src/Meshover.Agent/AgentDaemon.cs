using Microsoft.Extensions.Logging;

namespace Meshover.Agent;

/// <summary>The process <c>meshover agent</c>.</summary>
public static class AgentDaemon
{
    /// <summary>Runs until cancelled. The data plane and FRR are never stopped by its end.</summary>
    /// <exception cref="AgentException">It cannot start: no identity, another agent runs, a directory is not writable.</exception>
    public static Task RunAsync(
        AgentOptions options, ILoggerFactory loggerFactory, TimeProvider time, CancellationToken cancellationToken) =>
        Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
}
