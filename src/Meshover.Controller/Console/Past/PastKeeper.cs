using Meshover.Controller.Changes;
using Meshover.Controller.Live;

namespace Meshover.Controller.Console.Past;

/// <summary>
/// Each minute: a point of each node's figures in memory, and a picture of the mesh on disk. O(nodes + links drawn) a minute, whether anybody looks or not. What cannot be
/// kept is logged once, and nobody waits for it.
/// </summary>
internal sealed partial class PastKeeper(
    MeshDirectory directory, LiveNodes live, MeshPicture picture, SeriesBook series, MomentFile moments, TimeProvider time, ILogger<PastKeeper> log) : BackgroundService
{
    /// <summary>After the controller's start: by then the nodes of a small mesh are back.</summary>
    private static readonly TimeSpan First = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wasKept = true;
        await Task.Delay(First, time, stoppingToken);
        using var timer = new PeriodicTimer(SeriesBook.Step, time);
        do
        {
            var isKept = await TryTakeAsync(wasKept, stoppingToken);
            if (isKept && !wasKept)
                LogKept(log);
            wasKept = isKept;
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<bool> TryTakeAsync(bool isToBeLogged, CancellationToken cancel)
    {
        try
        {
            var now = time.GetUtcNow();
            series.Take(live.State, [.. directory.State.Nodes.Values.Where(node => node.IsActive).Select(node => node.Record.Id)], now);
            await moments.KeepAsync(now, picture.Look(), cancel);
            return true;
        }
        // A service that fails ends the controller, and no page is worth that.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (isToBeLogged)
                LogNotKept(log, e);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "How the mesh stands cannot be kept for the console's pages of the past; it is tried again each minute")]
    private static partial void LogNotKept(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "How the mesh stands is kept again")]
    private static partial void LogKept(ILogger logger);
}
