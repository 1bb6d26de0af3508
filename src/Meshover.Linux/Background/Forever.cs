using Microsoft.Extensions.Logging;

namespace Meshover.Linux.Background;

/// <summary>
/// Keeps a background task of a daemon going for as long as the daemon lives. What it throws is logged, and it begins anew after a pause
/// that doubles from a second to a minute while it fails soon each time: a helper that ended in silence would be missed when it is needed.
/// </summary>
public static partial class Forever
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Ends when cancelled, and then without an exception.</summary>
    /// <param name="name">Of the task, as the log shows it.</param>
    /// <param name="body">Runs until cancelled; begins from nothing each time.</param>
    public static async Task RunAsync(string name, Func<CancellationToken, Task> body, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        var pause = First;
        while (true)
        {
            var began = time.GetTimestamp();
            var failure = await FailureOfAsync(body, cancellationToken).ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested)
                return;
            if (time.GetElapsedTime(began) >= Longest)
                pause = First;
            LogEnded(logger, name, pause, failure);
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < Longest ? pause * 2 : Longest;
        }
    }

    /// <summary>Null: it ended by itself.</summary>
    private static async Task<Exception?> FailureOfAsync(Func<CancellationToken, Task> body, CancellationToken cancellationToken)
    {
        try
        {
            await body(cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Task} ended although it should not have; starting again after {Pause}")]
    private static partial void LogEnded(ILogger logger, string task, TimeSpan pause, Exception? exception);
}
