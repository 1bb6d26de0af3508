using Meshover.Linux.Files;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Reconciling;

/// <summary>Sees to it that templates which somebody changes are rendered: as soon as nothing more happens to them, or a second after the first.</summary>
/// <param name="changed">Called after a change.</param>
internal sealed partial class TemplateWatch(TemplateFiles files, Action changed, ILogger logger, TimeProvider time)
{
    // An editor writes a new file, and gives it the old one's name; a package manager or Kubernetes brings several.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>Where the machine allows no watch.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(15);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var said = "";
        while (files.Directory is { } directory)
        {
            try
            {
                using var watch = new DirectoryWatch(directory);
                Tell(); // what was changed before it was watched
                while (true)
                {
                    await watch.ChangedAsync(cancellationToken);
                    await SettleAsync(watch, cancellationToken);
                    Tell();
                }
            }
            catch (IOException e)
            {
                if (e.Message != said)
                    LogNotWatched(logger, e.Message, LookEvery);
                said = e.Message;
                await Task.Delay(LookEvery, time, cancellationToken);
                Tell(); // read again, as nothing is heard
            }
        }
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
    }

    private async Task SettleAsync(DirectoryWatch watch, CancellationToken cancellationToken)
    {
        for (var since = time.GetTimestamp(); time.GetElapsedTime(since) < Longest;)
        {
            using var quiet = new CancellationTokenSource(Quiet, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(quiet.Token, cancellationToken);
            try
            {
                await watch.ChangedAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private void Tell()
    {
        files.Forget();
        changed();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Templates are looked at each {Every} instead of at once: {Reason}")]
    private static partial void LogNotWatched(ILogger logger, string reason, TimeSpan every);
}
