using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.UnitTests.WireGuard.Control;

/// <summary>Configurations for tests.</summary>
internal static class Configs
{
    public static WireGuardKey Key(byte seed) => new([.. Enumerable.Repeat(seed, 32)]);

    public static DataplaneConfig Plain => new()
    {
        Interface = "meshover0",
        PrivateKey = new WireGuardSecret([.. Enumerable.Range(1, 32).Select(i => (byte)i)]),
        ListenPort = 12912,
        FirewallMark = 0x6d,
        Mtu = 1420,
    };

    public static PeerConfig Peer(byte seed) => new()
    {
        PublicKey = Key(seed),
        Endpoint = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 12912),
        AllowedIps = [new IPNetwork(new IPAddress([198, 18, 0, seed]), 32)],
        Link = new LinkConfig
        {
            Name = $"mo-{seed:x8}",
            Alias = $"node-{seed}",
            Mtu = 1396,
            LocalTunnel = IPAddress.Parse("198.18.1.1"),
            RemoteTunnel = new IPAddress([198, 18, 0, seed]),
        },
    };

    public static DataplaneConfig With(params PeerConfig[] peers) => Plain with { Peers = [.. peers] };
}
