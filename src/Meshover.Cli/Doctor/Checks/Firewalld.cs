using Meshover.Cli.Doctor.Firewall;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>firewalld, whose zones do not know our interfaces.</summary>
internal sealed class Firewalld : ICheck
{
    internal const string Table = "firewalld";

    public string Name => "firewalld";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        var drops = DroppedPackets.Find(facts, chain => chain.Name.Table == Table);
        if (drops.Count == 0)
            yield break;
        var dropped = drops.Select(drop => drop.What).Distinct();
        var port = facts.Node.Settings.ListenPort;
        yield return new Finding
        {
            Kind = OwnNftables.KindOf(drops.MaxBy(drop => drop.Severity)!.Packet),
            Severity = drops.Max(drop => drop.Severity),
            Problem = $"firewalld drops {string.Join("; ", dropped)}.",
            Breaks = "What it drops is lost: peers do not find this machine, or nothing behind it is reached.",
            Mend = "`firewall-cmd --permanent --zone=trusted --add-interface=meshover0 --add-interface=meshover-lo --add-interface=mo-+`, "
                + $"`firewall-cmd --permanent --add-port={port}/udp`, `firewall-cmd --reload`; for what is behind this machine, put its interface into a zone that forwards, too.",
        };
    }
}
