namespace Meshover.Controller.Live;

/// <summary>
/// The time after the controller's start in which its nodes come back. Who is not back yet is not gone, and electing by that would move
/// every route of the mesh for a mere restart. It ends when hardly anybody comes back any more: a large mesh on a small machine takes
/// minutes for its handshakes. For one caller.
/// </summary>
internal sealed class Settling(TimeProvider time)
{
    /// <summary>At least.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(30);

    /// <summary>At most: somebody who connects again and again must not hold the elections up.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>A transit node that was not heard since the start is given so long.</summary>
    public static readonly TimeSpan ForTransits = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    // Of the members; fewer in a window are stragglers.
    private const double Stragglers = 0.01;

    private readonly long _started = time.GetTimestamp();
    private (TimeSpan Began, int Online) _window;

    /// <summary>Nodes are still coming back.</summary>
    public bool IsOn { get; private set; } = true;

    /// <summary>Transit nodes that are not back yet count as online.</summary>
    public bool SparesTransits => IsOn || Elapsed < ForTransits;

    private TimeSpan Elapsed => time.GetElapsedTime(_started);

    /// <param name="online">Nodes that have a stream.</param>
    /// <param name="members">Of the mesh.</param>
    public void Look(int online, int members)
    {
        var elapsed = Elapsed;
        if (!IsOn || elapsed - _window.Began < Window)
            return;
        var came = online - _window.Online;
        _window = (elapsed, online);
        IsOn = elapsed < Longest && (elapsed < Shortest || came > members * Stragglers);
    }
}
