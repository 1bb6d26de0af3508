namespace Meshover.Agent.Announcing.Declared.Checks;

/// <summary>
/// From single checks to whether a service lives. What is well for less than a minute again and again is held down, for twice as long each time: each change
/// is one of everybody's routes. Not for several threads.
/// </summary>
/// <param name="wasWell">What was announced before the agent's start stays so until checks say otherwise.</param>
internal sealed class CheckVerdict(int rise, int fall, bool wasWell, TimeProvider time)
{
    /// <summary>What was well for so long has held.</summary>
    internal static readonly TimeSpan Held = TimeSpan.FromMinutes(1);
    internal static readonly TimeSpan FirstHold = TimeSpan.FromSeconds(5), LongestHold = TimeSpan.FromMinutes(5);

    internal const string NotChecked = "not checked yet";

    private int _row;
    private TimeSpan? _wellSince = wasWell ? TimeSpan.MinValue : null;
    private TimeSpan _hold = TimeSpan.Zero;

    /// <summary>By <see cref="UptimeExtensions.Uptime"/>; before it, it is not well again whatever the checks say.</summary>
    public TimeSpan HeldUntil { get; private set; }

    /// <summary>The same by the wall clock.</summary>
    public DateTimeOffset HeldUntilTime { get; private set; }

    public bool IsWell { get; private set; } = wasWell;

    /// <summary>What was wrong last; empty: nothing is.</summary>
    public string Reason { get; private set; } = wasWell ? "" : NotChecked;

    public bool IsHeld => !IsWell && Reason.Length == 0 && time.Uptime() < HeldUntil;

    /// <param name="failure">Null: the check succeeded.</param>
    public void Take(string? failure)
    {
        // The row of what contradicts the verdict.
        _row = failure is null == IsWell ? 0 : _row + 1;
        Reason = failure ?? "";
        var now = time.Uptime();
        if (IsWell && _row >= fall)
            Fail(now);
        else if (!IsWell && _row >= rise && now >= HeldUntil)
            (IsWell, _wellSince, _row) = (true, now, 0);
    }

    private void Fail(TimeSpan now)
    {
        var hasHeld = _wellSince is not { } since || since == TimeSpan.MinValue || now - since >= Held;
        _hold = hasHeld ? TimeSpan.Zero : _hold == TimeSpan.Zero ? FirstHold : TimeSpan.FromTicks(Math.Min(_hold.Ticks * 2, LongestHold.Ticks));
        (IsWell, _wellSince, _row, HeldUntil, HeldUntilTime) = (false, null, 0, now + _hold, time.GetUtcNow() + _hold);
    }
}
