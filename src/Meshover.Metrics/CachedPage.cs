namespace Meshover.Metrics;

/// <summary>What is scraped, made anew at most once a second however many ask for it. Thread-safe; who asks while it is made waits for that.</summary>
/// <param name="make">Makes it; takes milliseconds.</param>
/// <param name="time">The clock.</param>
public sealed class CachedPage(Func<ReadOnlyMemory<byte>> make, TimeProvider time)
{
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(1);

    private readonly Lock _making = new();
    private ReadOnlyMemory<byte>? _page;
    private long _made;

    public ReadOnlyMemory<byte> Get()
    {
        lock (_making)
        {
            if (_page is { } page && time.GetElapsedTime(_made) < GoodFor)
                return page;
            // Gone before the next is made: where that fails, an old one is not given for one of now.
            _page = null;
            var made = time.GetTimestamp();
            var next = make();
            (_page, _made) = (next, made);
            return next;
        }
    }
}
