namespace Meshover.Cli.Supervision;

/// <summary>
/// How long to wait before a dead daemon is started again: 100 ms, so that a crash is hardly noticed; doubled up to 10 s while it dies
/// soon after each start, so that one that cannot run does not eat the machine.
/// </summary>
internal sealed class RestartPolicy
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>A daemon that ran this long was well: the next wait is the first again.</summary>
    public static readonly TimeSpan Well = TimeSpan.FromSeconds(10);

    private TimeSpan _next = First;

    /// <param name="ran">From its start to its end.</param>
    public TimeSpan AfterDeath(TimeSpan ran)
    {
        if (ran >= Well)
            _next = First;
        var wait = _next;
        _next = wait * 2 < Longest ? wait * 2 : Longest;
        return wait;
    }
}
