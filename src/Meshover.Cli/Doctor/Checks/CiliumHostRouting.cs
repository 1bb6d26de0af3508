using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>
/// Cilium's BPF host routing: packets of pods go from one interface to another within BPF, and meet neither nftables nor the marks that it sets
/// (docs/guides/cilium.md, with the places in Cilium's and the kernel's sources).
/// </summary>
internal sealed class CiliumHostRouting : ICheck
{
    /// <summary>Of Cilium's own, one on each machine (<c>defaults.HostDevice</c>).</summary>
    private const string HostDevice = "cilium_host";

    public string Name => "cilium";

    public IEnumerable<Finding> Look(MachineFacts facts) => (facts.Links.Any(link => link.Name == HostDevice), facts.CiliumRoutesByBpf) switch
    {
        (false, _) or (_, false) => [],
        (_, true) => [Of("Cilium forwards the packets of pods by BPF (BPF host routing) on this machine.")],
        _ => [Of("Cilium is on this machine, and it cannot be seen whether it forwards the packets of pods by BPF (`cilium-dbg status` in its pod says \"Host Routing\": BPF, or Legacy).")],
    };

    private static Finding Of(string problem) => new()
    {
        Kind = FindingKinds.CiliumHostRouting,
        Severity = Severity.Warning,
        Problem = problem,
        Breaks = "What pods send into the mesh does not pass this machine's nftables: the MSS is not clamped, and forged tunnel addresses are not dropped. Where the links are among Cilium's devices, what comes by them "
            + "for pods does not pass it either. Where Cilium has one device only, it does not look at the routes either, and sends by that device what is for the mesh.",
        Mend = "Set `bpf.hostLegacyRouting: true` in Cilium's values; docs/guides/cilium.md says what else does.",
    };
}
