using System.Net;
using Meshover.Lab;

namespace Meshover.LabTests.WireGuard;

/// <summary>A tunnel made by hand between a plain WireGuard of ours (end 1) and Debian's wireguard-go (end 2).</summary>
public sealed class PlainTunnelTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task SetConf_AtBothEnds_CarriesTrafficBothWays()
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var ours = await PlainPeer.StartAsync(wire, 1);
        await using var theirs = await GoPeer.StartAsync(wire, 2);
        var key = await ours.WgAsync("genkey");
        var publicKey = await Shell.RunAsync("sh", "-c", $"echo {key} | wg pubkey");
        var psk = await ours.WgAsync("genpsk");
        await ours.WgAsync("setconf", ours.Device, ours.NewFile(
            Conf(key, 12912, theirs.PublicKey, psk, $"{Wire.Address(2)}:12912", "198.18.0.2/32")));
        var theirKey = await theirs.WgAsync("show", theirs.Device, "private-key");
        await theirs.WgAsync("setconf", theirs.Device, ours.NewFile(
            Conf(theirKey, 12912, publicKey, psk, $"{Wire.Address(1)}:12912", "198.18.0.1/32")));
        await ours.AddressAsync();

        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);
        await wire.WaitForPingAsync(2, EngineHost.Tunnel(1), Deadline);
        await Traffic.TcpAsync(wire, 1, 2, IPAddress.Parse(EngineHost.Tunnel(2)), 10_000_000, seed: 1);
        await Traffic.TcpAsync(wire, 2, 1, IPAddress.Parse(EngineHost.Tunnel(1)), 10_000_000, seed: 2);

        var dump = (await ours.WgAsync("show", ours.Device, "dump")).Split('\n')[1].Split('\t');
        Assert.InRange(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - long.Parse(dump[4]), 0, 60);
        Assert.All(dump[5..7], bytes => Assert.True(long.Parse(bytes) > 10_000_000));
    }

    [Fact]
    public async Task PrivateKey_SetLast_TheTunnelComesUpThen()
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var ours = await PlainPeer.StartAsync(wire, 1);
        await using var theirs = await GoPeer.StartAsync(wire, 2);
        await ours.AddressAsync();
        await ours.WgAsync("set", ours.Device, "peer", theirs.PublicKey, "endpoint", $"{Wire.Address(2)}:12912", "allowed-ips", "198.18.0.2/32");
        Assert.Equal(2, await wire.CountLostAsync(1, EngineHost.Tunnel(2), 2, "0.2"));
        var key = await ours.WgAsync("genkey");
        await theirs.SetPeerAsync(await Shell.RunAsync("sh", "-c", $"echo {key} | wg pubkey"), "allowed-ips", "198.18.0.1/32");

        await ours.WgAsync("set", ours.Device, "private-key", ours.NewFile(key));

        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);
    }

    [Fact]
    public async Task Device_SetDownAndUp_EndsItsSessionsAndBeginsAnew()
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var ours = await PlainPeer.StartAsync(wire, 1);
        await using var theirs = await GoPeer.StartAsync(wire, 2);
        await ConnectAsync(ours, theirs);
        await wire.WaitForPingAsync(2, EngineHost.Tunnel(1), Deadline);

        await wire.IpAsync(1, "link", "set", ours.Device, "down");
        Assert.Equal(3, await wire.CountLostAsync(2, EngineHost.Tunnel(1), 3, "0.2"));

        await wire.IpAsync(1, "link", "set", ours.Device, "up");
        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);
        await wire.WaitForPingAsync(2, EngineHost.Tunnel(1), Deadline);
    }

    [Fact]
    public async Task Mtu_ChosenByTheUser_StaysAndIsUsed()
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var ours = await PlainPeer.StartAsync(wire, 1);
        await using var theirs = await GoPeer.StartAsync(wire, 2);
        await ConnectAsync(ours, theirs);
        await wire.IpAsync(1, "link", "set", ours.Device, "mtu", "1000");

        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);
        await Traffic.TcpAsync(wire, 1, 2, IPAddress.Parse(EngineHost.Tunnel(2)), 1_000_000, seed: 1);

        Assert.Contains("mtu 1000", await wire.IpAsync(1, "-o", "link", "show", ours.Device));
    }

    [Fact]
    public async Task WgQuick_UpAndDown_WorksWithUsInWireguardGosPlace()
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var theirs = await GoPeer.StartAsync(wire, 2);
        var directory = Directory.CreateTempSubdirectory("meshover-quick-").FullName;
        var name = PlainPeer.NewName();
        var key = await theirs.WgAsync("genkey");
        await theirs.SetPeerAsync(await Shell.RunAsync("sh", "-c", $"echo {key} | wg pubkey"), "allowed-ips", "198.18.0.1/32");
        var conf = Path.Combine(directory, $"{name}.conf");
        await File.WriteAllTextAsync(conf, Conf(key, 0, theirs.PublicKey, "", $"{Wire.Address(2)}:12912", "198.18.0.2/32")
            .Replace("[Interface]", "[Interface]\nAddress = 198.18.0.1/32\nMTU = 1400", StringComparison.Ordinal));
        var wrapper = Path.Combine(directory, "wg-userspace");
        await File.WriteAllTextAsync(wrapper, $"#!/bin/sh\nexec {LabPrograms.Meshover} dataplane --plain \"$@\"\n");
        File.SetUnixFileMode(wrapper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        await wire.RunAsync(1, "env", $"WG_QUICK_USERSPACE_IMPLEMENTATION={wrapper}", "wg-quick", "up", conf);
        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);
        Assert.Contains("mtu 1400", await wire.IpAsync(1, "-o", "link", "show", name));
        await wire.RunAsync(1, "wg-quick", "down", conf);

        await Until.TrueAsync("the device and its socket are gone", Deadline, async () =>
            !File.Exists($"/var/run/wireguard/{name}.sock") && !(await wire.IpAsync(1, "-o", "link")).Contains(name));
        Directory.Delete(directory, recursive: true);
    }

    private static async Task ConnectAsync(PlainPeer ours, GoPeer theirs)
    {
        await ours.SetUpAsync();
        await ours.WgAsync("set", ours.Device, "peer", theirs.PublicKey, "endpoint", $"{Wire.Address(2)}:12912", "allowed-ips", "198.18.0.2/32");
        await theirs.SetPeerAsync(ours.PublicKey, "endpoint", $"{Wire.Address(1)}:12912", "allowed-ips", "198.18.0.1/32");
    }

    private static string Conf(string key, int port, string peer, string psk, string endpoint, string allowedIps) => $"""
        [Interface]
        PrivateKey = {key}
        {(port == 0 ? "" : $"ListenPort = {port}")}

        [Peer]
        PublicKey = {peer}
        {(psk.Length == 0 ? "" : $"PresharedKey = {psk}")}
        Endpoint = {endpoint}
        AllowedIPs = {allowedIps}
        PersistentKeepalive = 25
        """;
}
