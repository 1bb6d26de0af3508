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
        Breaks = "Packets between pods and links do not pass this machine's nftables: their MSS is not clamped, forged tunnel addresses are not dropped, and sources that are gathered are not marked. "
            + "Where Cilium has one device only, it does not look at the routes either, and sends by that device what is for the mesh.",
        Mend = "Set `bpf.hostLegacyRouting: true` in Cilium's values; docs/guides/cilium.md says what else does.",
    };
}
