using System.Security.Cryptography;
using System.Threading.Channels;
using Meshover.Console.UseCases;

namespace Meshover.Controller.Console.Apart;

/// <summary>
/// The controller's picture in the console's own memory: asked for each second while anybody looks, else each quarter of a minute; told only where it is
/// another. While the controller is away it is the last one, and says so. Thread-safe.
/// </summary>
internal sealed partial class PictureKeeper(PortClient client, TimeProvider time, ILogger<PictureKeeper> log) : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan QuietPace = TimeSpan.FromSeconds(15);

    /// <summary>Who looks does so each second, or each 4 s where many do.</summary>
    private static readonly TimeSpan LookedFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Channel<bool> _somebody = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private volatile Told _told = new(MeshView.Nothing, null);
    private long _looked;

    public MeshView Look()
    {
        Volatile.Write(ref _looked, time.GetTimestamp());
        _somebody.Writer.TryWrite(true);
        return _told.View;
    }

    /// <summary>Asks now. False: it cannot be asked, as the picture says from then on.</summary>
    public async Task<bool> RefreshAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            if (await client.PictureAsync(_told.Tag, cancel) is { } fresh)
                Take(new Told(fresh.View, fresh.Tag));
            return true;
        }
        catch (ConsoleRefusalException e)
        {
            // Without its tag it comes whole again, though it be the same.
            Take(_told.View.Away == e.Message ? _told : new Told(_told.View with { Away = e.Message }, null));
            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Pages are not served before the controller was asked once, whatever came of it.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (true)
        {
            failures = await RefreshAsync(stoppingToken) ? 0 : failures + 1;
            if (failures > 0)
                await Task.Delay(RetryAfter(failures), time, stoppingToken);
            else if (time.GetElapsedTime(Volatile.Read(ref _looked)) < LookedFor)
                await Task.Delay(Pace, time, stoppingToken);
            else
                await UntilSomebodyLooksAsync(stoppingToken);
        }
    }

    /// <summary>Doubled each time, up to a bound; between half of that and all, so that many consoles do not come back in step.</summary>
    internal static TimeSpan RetryAfter(int failures)
    {
        var doubled = Math.Min(LongestRetry.TotalMilliseconds, FirstRetry.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30)));
        return TimeSpan.FromMilliseconds(doubled * (0.5 + (RandomNumberGenerator.GetInt32(1000) / 2000.0)));
    }

    private async Task UntilSomebodyLooksAsync(CancellationToken stop)
    {
        using var late = new CancellationTokenSource(QuietPace, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            await _somebody.Reader.ReadAsync(end.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Nobody does: it is time to see what has changed all the same.
        }
    }

    private void Take(Told told)
    {
        if (told.View.Away is { } why && why != _told.View.Away)
            LogAway(log, why);
        else if (told.View.Away is null && _told.Tag is null)
        {
            var members = told.View.Members.Count();
            LogThere(log, members);
        }
        _told = told;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The controller cannot be asked; the console shows what was known last, and tries again: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The controller answers; its mesh has {Nodes} node(s)")]
    private static partial void LogThere(ILogger logger, int nodes);

    /// <param name="Tag">Null: it was not told yet, or not since the controller was away.</param>
    private sealed record Told(MeshView View, string? Tag);
}
