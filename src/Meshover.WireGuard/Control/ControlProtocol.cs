namespace Meshover.WireGuard.Control;

/// <summary>
/// The versions of what is said on the engine's socket. An agent and an engine of different releases must understand one another, since
/// an upgrade restarts the one and leaves the other running:
/// <list type="bullet">
/// <item>What is new is a new field or a new operation. Fields that a program does not know it ignores; an operation that an engine does
/// not know it refuses with <see cref="DataplaneError.Version"/>, and says so in words.</item>
/// <item>A new version is needed only where something old changes its meaning. A program goes on to speak the former version too.</item>
/// <item>A connection begins with a Hello, whose form never changes. It carries the oldest and the newest version of the client; the
/// answer is the newest that both speak. Engines from before there was a Hello refuse it, and speak version 1.</item>
/// </list>
/// </summary>
internal static class ControlProtocol
{
    /// <summary>The newest version that this program speaks.</summary>
    public const int Newest = 1;

    /// <summary>The oldest.</summary>
    public const int Oldest = 1;

    /// <summary>What engines speak that know no Hello.</summary>
    public const int BeforeHello = 1;

    /// <summary>The newest version that this program and another both speak; null if there is none.</summary>
    public static int? Agree(int oldest, int newest)
    {
        var agreed = Math.Min(newest, Newest);
        return agreed >= Math.Max(oldest, Oldest) ? agreed : null;
    }

    public static bool Speaks(int version) => version is >= Oldest and <= Newest;
}
