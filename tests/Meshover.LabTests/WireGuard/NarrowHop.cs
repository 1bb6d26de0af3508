using System.Net;
using Meshover.WireGuard.Control;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Two ends whose way to each other leads over a router with a narrow link, and with a firewall that lets out no ICMP: nobody is told of
/// a packet that was too big. End 1 is 10.77.0.1 and fd77::1; end 2 is behind it, 10.79.0.2 and fd79::2.
/// </summary>
internal sealed class NarrowHop : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private NarrowHop(Wire wire) => Wire = wire;

    public Wire Wire { get; }

    public static async Task<NarrowHop> CreateAsync(int mtu)
    {
        var wire = await Wire.CreateAsync(2);
        await wire.RunAsync(0, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        await wire.IpAsync(0, "addr", "add", "10.77.0.254/24", "dev", "br0");
        await wire.IpAsync(0, "addr", "add", "fd77::254/64", "dev", "br0", "nodad");
        await wire.IpAsync(2, "addr", "flush", "dev", "eth0", "scope", "global");
        await wire.IpAsync(0, "link", "set", "v2", "nomaster");
        await wire.IpAsync(0, "link", "set", "v2", "mtu", $"{mtu}");
        await wire.IpAsync(2, "link", "set", "eth0", "mtu", $"{mtu}"); // a veth drops what its other end could not have sent
        foreach (var (router, end) in new[] { ("10.79.0.254/24", "10.79.0.2/24"), ("fd79::254/64", "fd79::2/64") })
        {
            await wire.IpAsync(0, "addr", "add", router, "dev", "v2", "nodad");
            await wire.IpAsync(2, "addr", "add", end, "dev", "eth0", "nodad");
            await wire.IpAsync(2, "route", "add", "default", "via", router.Split('/')[0]);
        }
        await wire.IpAsync(1, "route", "add", "10.79.0.0/24", "via", "10.77.0.254");
        await wire.IpAsync(1, "route", "add", "fd79::/64", "via", "fd77::254");
        await wire.RunAsync(0, "nft", "add table inet hop; add chain inet hop out { type filter hook output priority 0; }; "
            + "add rule inet hop out icmp type destination-unreachable drop; add rule inet hop out icmpv6 type packet-too-big drop");
        return new NarrowHop(wire);
    }

    public static IPAddress Address(int end, bool v6) => (end, v6) switch
    {
        (1, _) => Wire.Address(1, v6),
        (_, false) => IPAddress.Parse("10.79.0.2"),
        _ => IPAddress.Parse("fd79::2"),
    };

    /// <summary>Makes the two each other's peers, and waits until they hear each other.</summary>
    public async Task ConnectAsync(EngineHost one, EngineHost two, bool v6, bool probes = false)
    {
        var (peerOfOne, peerOfTwo) = (At(two.AsPeerOf(1), 2, v6), At(one.AsPeerOf(2), 1, v6));
        await one.ApplyAsync(one.Config(peerOfOne) with { ProbePathMtu = probes });
        await two.ApplyAsync(two.Config(peerOfTwo) with { ProbePathMtu = probes });
        await Wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);
    }

    private static PeerConfig At(PeerConfig peer, int end, bool v6) => peer with { Endpoint = new IPEndPoint(Address(end, v6), 12912) };

    public ValueTask DisposeAsync() => Wire.DisposeAsync();
}
