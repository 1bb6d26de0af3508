using System.Collections.Immutable;

namespace Meshover.Cli.Supervision;

/// <summary>Keeps all daemons of the node, each by itself, and ends them in the order in which they are given.</summary>
internal sealed class Supervisor(
    ImmutableArray<DaemonKeeper> keepers, LogTrimmer trimmer, OrphanReaper reaper, Func<CancellationToken, Task> stopFrr)
{
    /// <summary>What a daemon has for its own orderly end. Removing many routes takes zebra a while.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Until cancelled, then stops every daemon.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Task[] tasks =
            [.. keepers.Select(k => k.KeepAsync(cancellationToken)), trimmer.RunAsync(cancellationToken), reaper.RunAsync(cancellationToken)];
        try
        {
            await Task.WhenAll(tasks);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await StopAsync(CancellationToken.None);
        }
    }

    /// <summary>The agent first, as it would repair what the others take down; FRR before the links that it uses.</summary>
    private async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var keeper in keepers)
        {
            if (keeper.Name == DaemonNames.Routing)
                await stopFrr(cancellationToken);
            await keeper.StopAsync(Grace, cancellationToken);
        }
    }
}
