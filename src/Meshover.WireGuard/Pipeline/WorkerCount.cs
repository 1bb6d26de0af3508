namespace Meshover.WireGuard.Pipeline;

/// <summary>How many workers a direction there are.</summary>
internal static class WorkerCount
{
    /// <summary>Beyond it the control thread and the kernel are what limits.</summary>
    public const int Maximum = 16;

    /// <summary>
    /// As wanted, or with 0 by the machine's cores: half of them for each direction; with two workers on two cores neither waits for the
    /// other.
    /// </summary>
    public static int Choose(int wanted, int cores) => Math.Clamp(wanted == 0 ? cores / 2 : wanted, 1, Maximum);
}
