using System.Threading.Channels;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Has FRR asked at once when a session may have come or gone, and not only by time: a session that ends takes its routes out of the kernel, which says so. While a
/// mesh converges and routes change all the time, a few seconds apart.
/// </summary>
/// <param name="look">Asks.</param>
/// <param name="time">Of the pace.</param>
internal sealed class SessionWatch(Action look, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromSeconds(8);

    // One turn stands for all that were asked for.
    private readonly Channel<bool> _turns = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Routes of the mesh have changed. For any thread; waits for nobody.</summary>
    public void RoutesChanged() => _turns.Writer.TryWrite(true);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pace = new Pace(Shortest, Longest, time);
        while (await _turns.Reader.WaitToReadAsync(cancellationToken))
        {
            await Task.Delay(pace.Next(), time, cancellationToken);
            _turns.Reader.TryRead(out _);
            look();
        }
    }
}
