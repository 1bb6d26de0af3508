using System.Net;
using System.Security.Cryptography;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Keys;

namespace Meshover.LabTests.WireGuard;

/// <summary>Our engine (end 1) against Debian's wireguard-go (end 2).</summary>
public sealed class WireGuardGoTests
{
    private const int HundredMegabytes = 100_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Traffic_BothWays_ArrivesUnharmed(bool v6, bool presharedKey)
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var engine = new EngineHost(wire, 1);
        await using var go = await GoPeer.StartAsync(wire, 2);
        await ConnectAsync(engine, go, v6, presharedKey);
        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);

        var (ours, theirs) = v6 ? ("fd18::1", "fd18::2") : (EngineHost.Tunnel(1), EngineHost.Tunnel(2));
        await Traffic.TcpAsync(wire, 1, 2, IPAddress.Parse(theirs), HundredMegabytes, seed: 1);
        await Traffic.TcpAsync(wire, 2, 1, IPAddress.Parse(ours), HundredMegabytes, seed: 2);
        await Traffic.UdpAsync(wire, 1, 2, IPAddress.Parse(theirs), trains: 500, seed: 3);
        await Traffic.UdpAsync(wire, 2, 1, IPAddress.Parse(ours), trains: 500, seed: 4);
    }

    [Fact]
    public async Task Traffic_WithoutOffloads_ArrivesUnharmed()
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var engine = new EngineHost(wire, 1, offloads: OffloadKinds.None);
        await using var go = await GoPeer.StartAsync(wire, 2);
        await ConnectAsync(engine, go);
        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);

        await Traffic.TcpAsync(wire, 1, 2, IPAddress.Parse(EngineHost.Tunnel(2)), 10_000_000, seed: 1);
        await Traffic.TcpAsync(wire, 2, 1, IPAddress.Parse(EngineHost.Tunnel(1)), 10_000_000, seed: 2);
        Assert.Equal(["ipv4", "ipv6"], (await engine.Client.GetStatusAsync()).Offloads);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Handshake_EitherSideMayBegin(bool weBegin)
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var engine = new EngineHost(wire, 1);
        await using var go = await GoPeer.StartAsync(wire, 2);
        await engine.ApplyAsync(engine.Config(Peer(go, endpoint: weBegin ? new IPEndPoint(Wire.Address(2), 12912) : null)));
        string[] endpoint = weBegin ? [] : ["endpoint", $"{Wire.Address(1)}:12912"];
        await go.SetPeerAsync(engine.PublicKey.ToString(), [.. endpoint, "allowed-ips", "198.18.0.1/32"]);

        await wire.WaitForPingAsync(weBegin ? 1 : 2, EngineHost.Tunnel(weBegin ? 2 : 1), Deadline);

        Assert.Equal(new IPEndPoint(Wire.Address(2), 12912), (await engine.PeerAsync()).Endpoint);
        Assert.Contains($"{Wire.Address(1)}:12912", await go.WgAsync("show", go.Device, "endpoints"));
    }

    [Fact]
    public async Task Handshake_WrongPresharedKey_CarriesNothing()
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var engine = new EngineHost(wire, 1);
        await using var go = await GoPeer.StartAsync(wire, 2);
        var another = go.KeyFile(await go.WgAsync("genpsk"));
        await go.SetPeerAsync(engine.PublicKey.ToString(), "preshared-key", another, "allowed-ips", "198.18.0.1/32");
        await engine.ApplyAsync(engine.Config(Peer(go, new IPEndPoint(Wire.Address(2), 12912)) with { PresharedKey = engine.PrivateKey }));

        Assert.Equal(5, await wire.CountLostAsync(1, EngineHost.Tunnel(2), 5, "0.2"));
        Assert.Equal(-1, (await engine.PeerAsync()).LastHandshakeAgeMs);
    }

    [Fact]
    public async Task Rekey_UnderTraffic_LosesNothing()
    {
        // REKEY_AFTER_TIME, two minutes, passes in 4 s.
        await using var wire = await Wire.CreateAsync(2);
        await using var engine = new EngineHost(wire, 1, new QuickTime(30));
        await using var go = await GoPeer.StartAsync(wire, 2);
        await ConnectAsync(engine, go);
        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);
        var before = await go.WgAsync("show", go.Device, "latest-handshakes");

        Assert.Equal(0, await wire.CountLostAsync(1, EngineHost.Tunnel(2), 120, "0.1"));

        Assert.NotEqual(before, await go.WgAsync("show", go.Device, "latest-handshakes"));
        Assert.InRange((await engine.PeerAsync()).LastHandshakeAgeMs, 0, 125_000);
    }

    [Fact]
    public async Task Roaming_OurAddressChanges_TheyFollow()
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var engine = new EngineHost(wire, 1);
        await using var go = await GoPeer.StartAsync(wire, 2);
        await ConnectAsync(engine, go);
        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);

        await wire.IpAsync(1, "addr", "del", "10.77.0.1/24", "dev", "eth0");
        await wire.IpAsync(1, "addr", "add", "10.77.0.101/24", "dev", "eth0");

        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);
        Assert.Contains("10.77.0.101:12912", await go.WgAsync("show", go.Device, "endpoints"));
    }

    [Fact]
    public async Task Roaming_TheirPortChanges_WeFollow()
    {
        // Not their address: wireguard-go holds on to its old source address, and cannot send when that is gone.
        await using var wire = await Wire.CreateAsync(2);
        await using var engine = new EngineHost(wire, 1);
        await using var go = await GoPeer.StartAsync(wire, 2);
        await ConnectAsync(engine, go);
        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);

        await go.WgAsync("set", go.Device, "listen-port", "4711");

        await wire.WaitForPingAsync(2, EngineHost.Tunnel(1), Deadline);
        Assert.Equal(IPEndPoint.Parse("10.77.0.2:4711"), (await engine.PeerAsync()).Endpoint);
    }

    /// <summary>Makes the two each other's peers.</summary>
    internal static async Task ConnectAsync(EngineHost engine, GoPeer go, bool v6 = false, bool presharedKey = false)
    {
        var psk = new WireGuardSecret(RandomNumberGenerator.GetBytes(32));
        var peer = Peer(go, new IPEndPoint(Wire.Address(2, v6), 12912)) with { PresharedKey = presharedKey ? psk : null };
        string[] arguments = presharedKey ? ["preshared-key", go.KeyFile(Convert.ToBase64String(psk.Bytes))] : [];
        var endpoint = new IPEndPoint(Wire.Address(1, v6), 12912);
        await go.SetPeerAsync(
            engine.PublicKey.ToString(), ["endpoint", $"{endpoint}", "allowed-ips", "198.18.0.1/32,fd18::1/128", .. arguments]);
        await engine.ApplyAsync(engine.Config(peer));
    }

    private static PeerConfig Peer(GoPeer go, IPEndPoint? endpoint) => new()
    {
        PublicKey = WireGuardKey.TryParse(go.PublicKey, out var key) ? key : throw new InvalidOperationException(go.PublicKey),
        Endpoint = endpoint,
        AllowedIps = [IPNetwork.Parse("198.18.0.2/32"), IPNetwork.Parse("fd18::2/128")],
    };
}
