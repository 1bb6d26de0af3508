namespace Meshover.Cli.Doctor;

/// <summary>
/// What Cilium's agent leaves on the machine of how it works: the header that it compiles its programs with (<c>cDefinesMap</c> in pkg/datapath/linux/config,
/// Cilium 1.9 to 1.19). It says what runs, where the ConfigMap says what was asked for: BPF host routing is given up where the kernel or another option forbids it.
/// Later releases write it into the compiled programs instead (<c>enable_bpf_host_routing</c>, bpf/include/bpf/config/node.h), where it is not looked for.
/// </summary>
internal static class CiliumState
{
    /// <summary>Mounted into the agent's pod from here.</summary>
    public const string UsualDirectory = "/run/cilium/state";

    private const string Header = "globals/node_config.h";
    private const string HostRouting = "ENABLE_HOST_ROUTING";

    /// <summary>Each release whose header would have <see cref="HostRouting"/> has one of these, whatever its settings; both left the header before that did.</summary>
    private static readonly string[] Besides = ["HASH_INIT4_SEED", "EVENTS_MAP_RATE_LIMIT"];

    /// <summary>Null: there is no such file, or it cannot be read, or does not say it.</summary>
    public static bool? RoutesByBpf(string directory)
    {
        try
        {
            var defined = File.ReadLines(Path.Combine(directory, Header)).Select(Defined).OfType<string>().ToHashSet(StringComparer.Ordinal);
            return defined.Contains(HostRouting) ? true : defined.Overlaps(Besides) ? false : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <returns>The name that a line defines.</returns>
    private static string? Defined(string line) => line.Split(' ', '\t') is ["#define", var name, ..] ? name : null;
}
