using Meshover.Cli.Doctor.Firewall;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>Translation of addresses that names the links: what passes from one link to another is not tracked, and so not translated.</summary>
internal sealed class TransitTranslation : ICheck
{
    public string Name => "nat";

    public IEnumerable<Finding> Look(MachineFacts facts) =>
        from chain in facts.Firewall.Chains.Values.OrderBy(chain => chain.Name.ToString(), StringComparer.Ordinal)
        where chain.Hook is "prerouting" or "postrouting" && chain.Name.Table != DroppedPackets.OwnTable
        where MeshPackets.FromLinkToLink.Any(packet => DroppedPackets.Sees(chain, packet.Family) && ChainWalk.Translates(facts.Firewall, chain, packet))
        select new Finding
        {
            Kind = FindingKinds.TransitTranslation,
            Severity = Severity.Warning,
            Problem = $"The chain {chain.Name} translates addresses on the links (mo-*), but does not see what passes from one of them to another.",
            Breaks = "As a transit node this machine passes on packets between other nodes untracked, with their addresses unchanged.",
            Mend = "Translate where the packets enter the mesh. If only what is behind this machine is meant, say so in the rule: `iifname != \"mo-*\"`.",
        };
}
