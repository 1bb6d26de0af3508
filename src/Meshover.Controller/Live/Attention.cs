namespace Meshover.Controller.Live;

/// <summary>Each second, for as long as the controller gets to do anything: keeps the <see cref="AttentiveClock"/> going, and judges how nodes stand by it.</summary>
internal sealed class Attention(LiveNodes live, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(AttentiveClock.Beat, time);
        do
            live.Judge();
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
