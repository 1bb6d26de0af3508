using Meshover.Cli.Doctor.Firewall;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>Which of the mesh's packets are dropped for certain, and by which chain.</summary>
internal static class DroppedPackets
{
    internal const string OwnTable = "meshover";

    public static IEnumerable<(FirewallChain Chain, PacketSample Packet)> Find(MachineFacts facts, Func<FirewallChain, bool> of) =>
        from chain in facts.Firewall.Chains.Values
        where chain.Hook is not null && chain.Name.Table != OwnTable && of(chain)
        orderby chain.Name.ToString()
        from packet in MeshPackets.Of(facts)
        where packet.Hook == chain.Hook && ChainWalk.IsDropped(facts.Firewall, chain, packet)
        select (chain, packet);
}
