namespace Meshover.Cli.Doctor;

/// <summary>
/// What Cilium's agent leaves on the machine of how it works: the header that it compiles its programs with (<c>cDefinesMap</c> in pkg/datapath/linux/config,
/// Cilium 1.9 to 1.19). It says what runs, where the ConfigMap says what was asked for: BPF host routing is given up where the kernel or another option forbids it.
/// </summary>
internal static class CiliumState
{
    /// <summary>Mounted into the agent's pod from here.</summary>
    public const string UsualDirectory = "/run/cilium/state";

    private const string Header = "globals/node_config.h";
    private const string HostRouting = "ENABLE_HOST_ROUTING";

    /// <summary>Null: there is no such file, or it cannot be read, or is none of Cilium's.</summary>
    public static bool? RoutesByBpf(string directory)
    {
        try
        {
            var defined = File.ReadLines(Path.Combine(directory, Header)).Select(Defined).OfType<string>().ToHashSet(StringComparer.Ordinal);
            return defined.Count == 0 ? null : defined.Contains(HostRouting);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <returns>The name that a line defines.</returns>
    private static string? Defined(string line) => line.Split(' ', '\t') is ["#define", var name, ..] ? name : null;
}
