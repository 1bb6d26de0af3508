using System.Collections.Immutable;
using Meshover.Cli.Doctor.Firewall;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>A packet of the mesh that a chain drops.</summary>
/// <param name="Families">Those in which it drops it.</param>
/// <param name="IsLost">This chain and others drop it in every family by which it may come; else it passes by the other one.</param>
internal sealed record DroppedPacket(FirewallChain Chain, PacketSample Packet, ImmutableArray<IpFamily> Families, bool IsLost)
{
    public Severity Severity => IsLost ? Severity.Fault : Severity.Warning;

    public string What => IsLost ? Packet.What : $"{Packet.What} over {string.Join(" and ", Families.Select(family => family == IpFamily.Ipv4 ? "IPv4" : "IPv6"))}";
}

/// <summary>Which of the mesh's packets are dropped for certain, and by which chain.</summary>
internal static class DroppedPackets
{
    internal const string OwnTable = "meshover";

    public static IReadOnlyList<DroppedPacket> Find(MachineFacts facts, Func<FirewallChain, bool> of)
    {
        var packets = MeshPackets.Of(facts);
        var dropped = packets.Select(packet => (Packet: packet, Chains: DroppedBy(facts.Firewall, packet).ToList())).ToList();
        var lost = dropped.GroupBy(each => each.Packet.What).Where(what => what.All(each => each.Chains.Count > 0)).Select(what => what.Key).ToHashSet();
        return
        [
            .. from each in dropped
               from chain in each.Chains
               where of(chain)
               group each.Packet by (chain, each.Packet.What) into same
               orderby same.Key.chain.Name.ToString()
               select new DroppedPacket(same.Key.chain, same.First(), [.. same.Select(packet => packet.Family)], lost.Contains(same.Key.What)),
        ];
    }

    private static IEnumerable<FirewallChain> DroppedBy(Ruleset firewall, PacketSample packet) => firewall.Chains.Values.Where(chain =>
        chain.Hook == packet.Hook && chain.Name.Table != OwnTable && Sees(chain, packet.Family) && ChainWalk.IsDropped(firewall, chain, packet));

    /// <summary>Those of tables of the families bridge, arp and netdev see no packet that is routed here.</summary>
    internal static bool Sees(FirewallChain chain, IpFamily family) =>
        chain.Name.Family == "inet" || chain.Name.Family == (family == IpFamily.Ipv4 ? "ip" : "ip6");
}
