namespace Meshover.Controller.Live;

/// <summary>Keeps the <see cref="AttentiveClock"/> going for as long as the controller gets to do anything.</summary>
internal sealed class Attention(LiveNodes live, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(AttentiveClock.Beat, time);
        do
            _ = live.Clock.Now;
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
