using System.Security.Cryptography;
using Meshover.Kube.Clusters;
using Meshover.Kube.Telling;
using Meshover.Kube.Watching;
using Meshover.Telemetry.Logging;
using Microsoft.Extensions.Logging;

namespace Meshover.Kube;

/// <summary>
/// The program: one task watches the node's object in the cluster, one tells the agent. What is known lies between them, whole and always the newest, so
/// neither waits for the other.
/// </summary>
internal static class KubeRunner
{
    public static async Task RunAsync(KubeOptions options, bool isDebug, CancellationToken cancellationToken)
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddLines(toError: true, isDebug ? LogLevel.Debug : LogLevel.Information));
        var (time, board) = (TimeProvider.System, new SightBoard());
        using var access = new ClusterAccess(options);
        var watcher = new NodeWatcher(access, options.Node, options.Source, board, Jitter, loggers.CreateLogger<NodeWatcher>(), time);
        var teller = new AgentTeller(options.Socket, board, Jitter, loggers.CreateLogger<AgentTeller>(), time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] parts = [watcher.RunAsync(stop.Token), teller.RunAsync(stop.Token)];
        // No part ends by itself; the first that does has failed, and takes the process with it (systemd starts it again).
        var ended = await Task.WhenAny(parts);
        await stop.CancelAsync();
        await Task.WhenAll(parts).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        cancellationToken.ThrowIfCancellationRequested();
        await ended;
    }

    /// <exception cref="KubeException">The agent does not take it: why.</exception>
    public static Task ForgetAsync(string socket, CancellationToken cancellationToken) => AgentTeller.ForgetAsync(socket, TimeProvider.System, cancellationToken);

    /// <summary>From 0 to 1: three thousand nodes must not come back in step.</summary>
    private static double Jitter() => RandomNumberGenerator.GetInt32(1_000_001) / 1e6;
}
