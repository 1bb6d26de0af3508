namespace Meshover.Agent;

/// <summary>The machine's present start.</summary>
internal static class Boot
{
    private const string IdPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>Another UUID each time that the kernel starts, the same in all namespaces and containers (random(4)).</summary>
    /// <exception cref="IOException">/proc is not there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string Id() => File.ReadAllText(IdPath).Trim();
}
