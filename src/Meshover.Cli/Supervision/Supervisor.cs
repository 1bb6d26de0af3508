using System.Collections.Immutable;
using Meshover.Linux.Background;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Supervision;

/// <summary>Keeps all daemons of the node, each by itself, and ends them in the order in which they are given.</summary>
internal sealed class Supervisor(
    ImmutableArray<DaemonKeeper> keepers, LogTrimmer trimmer, OrphanReaper reaper, Func<CancellationToken, Task> drain, Func<CancellationToken, Task> stopFrr, ILogger logger, TimeProvider time)
{
    /// <summary>What a daemon has for its own orderly end. Removing many routes takes zebra a while.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Until cancelled, then stops every daemon.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(keepers.Select(k => Keep($"keeping {k.Name}", k.KeepAsync))
            .Append(Keep("keeping logs small", trimmer.RunAsync)).Append(Keep("collecting orphans", reaper.RunAsync)));
        await StopAsync(CancellationToken.None);
        return;

        Task Keep(string name, Func<CancellationToken, Task> body) => Forever.RunAsync(name, body, logger, time, cancellationToken);
    }

    /// <summary>The agent first, as it would repair what the others take down; FRR before the links that it uses.</summary>
    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await drain(cancellationToken);
        foreach (var keeper in keepers)
        {
            if (keeper.Name == DaemonNames.Routing)
                await stopFrr(cancellationToken);
            await keeper.StopAsync(Grace, cancellationToken);
        }
    }
}
