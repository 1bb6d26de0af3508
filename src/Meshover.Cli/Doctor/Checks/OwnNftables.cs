using Meshover.Cli.Doctor.Firewall;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>Chains that the user, or another program of his, has set up and that drop the mesh's packets.</summary>
internal sealed class OwnNftables : ICheck
{
    public string Name => "firewall";

    public IEnumerable<Finding> Look(MachineFacts facts) =>
        from drop in DroppedPackets.Find(facts, chain => chain.Name.Table != Firewalld.Table && !(chain.Hook == "forward" && Docker.IsDockers(facts.Firewall, chain)))
        select new Finding
        {
            Kind = KindOf(drop.Packet),
            Severity = drop.Severity,
            Problem = $"The firewall's chain {drop.Chain.Name} drops {drop.What}.",
            Breaks = drop.Packet.Hook == "input" ? "No tunnel comes up, or no BGP over it." : "Nothing is forwarded there, although the routes are in place.",
            Mend = $"Add to that chain, before what drops them: {Rule(drop.Packet)}.",
        };

    internal static FindingKind KindOf(PacketSample packet) => packet switch
    {
        { Hook: "forward" } => FindingKinds.FirewallDropsForwarding,
        { InputLink: { } link } when NodeId.IsLinkName(link) => FindingKinds.FirewallDropsBgp,
        _ => FindingKinds.FirewallDropsTunnel,
    };

    private static string Rule(PacketSample packet) => (packet.InputLink, packet.OutputLink) switch
    {
        _ when packet.Protocol == "udp" && !(packet.InputLink is { } link && NodeId.IsLinkName(link)) => $"`udp dport {packet.DestinationPort} accept`",
        (_, not null) when packet.InputLink is null => "`oifname \"mo-*\" accept`",
        _ when packet.Protocol == "gre" => $"`iifname \"{packet.InputLink}\" accept`",
        _ => "`iifname \"mo-*\" accept`",
    };
}
