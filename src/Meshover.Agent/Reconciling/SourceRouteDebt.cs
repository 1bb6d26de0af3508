namespace Meshover.Agent.Reconciling;

/// <summary>
/// How often the kernel has removed routes with the node's address, and up to which time routing has set them again. An agent that starts
/// anew meanwhile knows that something is owed, from an empty file.
/// </summary>
/// <param name="runtimeDirectory">Is gone with the next boot, as the kernel's routes are.</param>
public sealed class SourceRouteDebt(string runtimeDirectory)
{
    private readonly string _path = FileIn(runtimeDirectory);
    private readonly Lock _lock = new();
    private long _owed = File.Exists(FileIn(runtimeDirectory)) ? 1 : 0;
    private long _settled;

    /// <summary>What <see cref="Settle"/> is to be given when the routes are set; null: none are missing.</summary>
    public long? Owed
    {
        get
        {
            lock (_lock)
                return _owed > _settled ? _owed : null;
        }
    }

    public static string FileIn(string runtimeDirectory) => Path.Combine(runtimeDirectory, "source-routes.owed");

    /// <summary>
    /// A node address was put (back) in place. The kernel has flushed every route that had it as its source, and zebra does not put them
    /// back by itself: routing is to apply BGP's route-map anew.
    /// </summary>
    public void Owe()
    {
        lock (_lock)
        {
            _owed++;
            Try(() => File.WriteAllBytes(_path, []));
        }
    }

    /// <summary>The routes are set that were missing when <paramref name="owed"/> was read; more may be by now.</summary>
    public void Settle(long owed)
    {
        lock (_lock)
        {
            _settled = owed;
            if (_owed == _settled)
                Try(() => File.Delete(_path));
        }
    }

    /// <summary>Where the disk takes no more, it is known to this process at least.</summary>
    private static void Try(Action change)
    {
        try
        {
            change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
