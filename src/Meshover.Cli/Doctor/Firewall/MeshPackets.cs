using System.Collections.Immutable;

namespace Meshover.Cli.Doctor.Firewall;

/// <summary>The packets that a firewall must let pass for the mesh to work.</summary>
internal static class MeshPackets
{
    /// <summary>Stands for every link: a rule that names it alone would be one for a single peer.</summary>
    private const string AnyLink = "mo-00000000";
    private const int BfdPort = 3784; // RFC 5881, section 4

    /// <summary>What a transit node hands on for others.</summary>
    public static ImmutableArray<PacketSample> FromLinkToLink { get; } =
        [.. ByBoth(new() { What = "packets from one link to another (mo-* to mo-*)", Hook = "forward", InputLink = AnyLink, OutputLink = AnyLink, ConnectionState = "untracked" })];

    /// <summary>Of each packet one sample for each family by which it may come: BGP and BFD speak over link-local addresses alone.</summary>
    public static ImmutableArray<PacketSample> Of(MachineFacts facts) =>
    [
        .. ByBoth(new() { What = $"WireGuard's packets (UDP port {facts.Node.Settings.ListenPort})", Hook = "input", InputLink = facts.Underlay, Protocol = "udp", DestinationPort = facts.Node.Settings.ListenPort }),
        new() { What = $"BGP on the links (mo-*, TCP port {facts.Node.BgpPort})", Family = IpFamily.Ipv6, Hook = "input", InputLink = AnyLink, Protocol = "tcp", DestinationPort = facts.Node.BgpPort },
        new() { What = $"BFD on the links (mo-*, UDP port {BfdPort})", Family = IpFamily.Ipv6, Hook = "input", InputLink = AnyLink, Protocol = "udp", DestinationPort = BfdPort },
        .. KernelTunnel(facts),
        .. FromLinkToLink,
        .. ByBoth(new() { What = "packets from the mesh to what is behind this machine (from mo-*)", Hook = "forward", InputLink = AnyLink }),
        .. ByBoth(new() { What = "packets from what is behind this machine to the mesh (to mo-*)", Hook = "forward", OutputLink = AnyLink }),
    ];

    private static PacketSample[] ByBoth(PacketSample packet) => [packet with { Family = IpFamily.Ipv4 }, packet with { Family = IpFamily.Ipv6 }];

    // With the engine GRE stays within the process. The tunnel's own addresses are IPv4's.
    private static IEnumerable<PacketSample> KernelTunnel(MachineFacts facts)
    {
        var device = facts.Node.Settings.Interface;
        if (facts.Links.Any(link => link.Name == device && link.Kind == "wireguard"))
            yield return new PacketSample { What = $"GRE inside the tunnel ({device})", Family = IpFamily.Ipv4, Hook = "input", InputLink = device, Protocol = "gre" };
    }
}
