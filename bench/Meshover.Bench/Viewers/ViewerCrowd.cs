namespace Meshover.Bench.Viewers;

/// <summary>A hundred viewers: ten people with ten pages each, one half of them at the graph and the other at the table of nodes.</summary>
internal sealed class ViewerCrowd : IAsyncDisposable
{
    public const int Count = Sessions * PagesOfSession;
    private const int Sessions = 10, PagesOfSession = 10;

    // The page itself is one; it follows each 4 s while something changes.
    private const int LeastBatches = 4;
    private static readonly string[] Paths = ["", "nodes"];

    private readonly List<ViewerSession> _sessions = [];
    private readonly List<ViewedPage> _pages = [];

    private ViewerCrowd()
    {
    }

    /// <summary>One of them.</summary>
    public ViewerSession First => _sessions[0];

    /// <param name="port">The console's.</param>
    /// <param name="token">By which all sign in.</param>
    public static async Task<ViewerCrowd> OpenAsync(int port, string token, CancellationToken ct)
    {
        var crowd = new ViewerCrowd();
        try
        {
            await crowd.ComeAsync(port, token, ct);
            return crowd;
        }
        catch
        {
            await crowd.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="InvalidOperationException">One of them has seen nothing, or sees nothing any more: the figures would flatter.</exception>
    public void RequireAllSee()
    {
        if (_pages.Find(page => page.Fault is not null) is { Fault: { } fault })
            throw new InvalidOperationException($"A viewer sees nothing any more: {fault.Message}", fault);
        if (_pages.Exists(page => page.Batches < LeastBatches))
            throw new InvalidOperationException($"The viewers were shown from {_pages.Min(page => page.Batches)} to {_pages.Max(page => page.Batches)} drawings: not all of them follow.");
    }

    /// <summary>All close their pages: the console has nobody from then on.</summary>
    public async Task LeaveAsync(CancellationToken ct)
    {
        foreach (var page in _pages)
            await page.CloseAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var page in _pages)
            await page.DisposeAsync();
        foreach (var session in _sessions)
            session.Dispose();
    }

    private async Task ComeAsync(int port, string token, CancellationToken ct)
    {
        for (var number = 1; number <= Sessions; number++)
        {
            var session = new ViewerSession(number, port);
            _sessions.Add(session);
            await session.SignInAsync(token, ct);
            for (var page = 0; page < PagesOfSession; page++)
                _pages.Add(await ViewedPage.OpenAsync(session, Paths[page % Paths.Length], ct));
        }
    }
}
