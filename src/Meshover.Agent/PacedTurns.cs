using System.Threading.Channels;

namespace Meshover.Agent;

/// <summary>Does something at once when it is asked for, and while it is asked for all the time, 1, 2, 4 and then 8 s apart.</summary>
/// <param name="turn">Quick; one stands for all that were asked for since the last.</param>
/// <param name="time">Of the pace.</param>
internal sealed class PacedTurns(Action turn, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromSeconds(8);
    private readonly Channel<bool> _asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>For any thread; waits for nobody.</summary>
    public void Ask() => _asked.Writer.TryWrite(true);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pace = new Pace(Shortest, Longest, time);
        while (await _asked.Reader.WaitToReadAsync(cancellationToken))
        {
            await Task.Delay(pace.Next(), time, cancellationToken);
            _asked.Reader.TryRead(out _);
            turn();
        }
    }
}
