using System.Net;
using System.Security.Cryptography;
using Meshover.LabTests.Linux;
using Meshover.LabTests.WireGuard;
using Meshover.Linux.Netlink;
using Meshover.Linux.WireGuard;

namespace Meshover.LabTests.Kernel;

/// <summary>What is set over netlink is what the kernel says, and what WireGuard's own tool shows.</summary>
public sealed class WireGuardNetlinkTests : IDisposable
{
    private const string Device = "meshover0";
    private readonly TestNamespace _here = new();
    private readonly WireGuardNetlink _wireGuard;

    public WireGuardNetlinkTests()
    {
        _wireGuard = WireGuardNetlink.OpenIn(_here.Path);
        _here.Netlink.CreateLink(LinkSpec.OfWireGuard(Device) with { Mtu = 1420 });
    }

    public void Dispose()
    {
        _wireGuard.Dispose();
        _here.Dispose();
    }

    [Fact]
    public async Task ChangeDevice_EverySetting_IsReadBackAndShownByWg()
    {
        var (preshared, key4, key6) = (NewSecret(), NewKey(), NewKey());
        _wireGuard.ChangeDevice(Device, new WireGuardDeviceChange
        {
            PrivateKey = NewSecret(),
            ListenPort = 12912,
            FirewallMark = 0x6d,
            Peers =
            [
                new WireGuardPeerChange { PublicKey = key4, PresharedKey = preshared, Endpoint = IPEndPoint.Parse("192.0.2.7:12912"), PersistentKeepalive = 25, AllowedIps = [IPNetwork.Parse("198.18.0.7/32"), IPNetwork.Parse("2001:db8::/32")] },
                new WireGuardPeerChange { PublicKey = key6, Endpoint = IPEndPoint.Parse("[2001:db8::9]:51820"), AllowedIps = [IPNetwork.Parse("198.18.0.9/32")] },
            ],
        });

        var device = _wireGuard.FindDevice(Device)!;
        Assert.Equal((Device, 12912, 0x6du), (device.Name, device.ListenPort, device.FirewallMark));
        Assert.NotEqual(default, device.PublicKey);
        var (peer4, peer6) = (device.Peers.Single(peer => peer.PublicKey == key4), device.Peers.Single(peer => peer.PublicKey == key6));
        Assert.Equal((preshared, IPEndPoint.Parse("192.0.2.7:12912"), 25, null), (peer4.PresharedKey, peer4.Endpoint, peer4.PersistentKeepalive, peer4.LastHandshake));
        Assert.Equal(["198.18.0.7/32", "2001:db8::/32"], peer4.AllowedIps.Select(prefix => prefix.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal((default, IPEndPoint.Parse("[2001:db8::9]:51820"), 0), (peer6.PresharedKey, peer6.Endpoint, peer6.PersistentKeepalive));

        var shown = await Shell.RunAsync("ip", "netns", "exec", _here.Name, "wg", "show", Device, "dump");
        Assert.Contains($"{device.PublicKey}\t12912\t0x6d", shown, StringComparison.Ordinal);
        Assert.Contains($"{key4}\t{Convert.ToBase64String(preshared.Bytes)}\t192.0.2.7:12912\t198.18.0.7/32,2001:db8::/32\t0\t0\t0\t25", shown, StringComparison.Ordinal);
        Assert.Contains($"{key6}\t(none)\t[2001:db8::9]:51820\t198.18.0.9/32\t0\t0\t0\toff", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void ChangeDevice_ThousandPeersInOnePass_AllAreReadBack()
    {
        var peers = Enumerable.Range(1, 1000).Select(number => new WireGuardPeerChange
        {
            PublicKey = NewKey(),
            Endpoint = new IPEndPoint(IPAddress.Parse($"2001:db8::{number:x}"), 12912),
            AllowedIps = [IPNetwork.Parse($"198.18.{number >> 8}.{number & 0xff}/32")],
        }).ToList();
        // One whose prefixes fit neither one message of a set nor one of a dump.
        peers[500] = peers[500] with { AllowedIps = [.. Enumerable.Range(0, 1500).Select(i => IPNetwork.Parse($"10.{i >> 8}.{i & 0xff}.0/24"))] };

        _wireGuard.ChangeDevice(Device, new WireGuardDeviceChange { PrivateKey = NewSecret(), ReplacePeers = true, Peers = [.. peers] });

        var read = _wireGuard.FindDevice(Device)!.Peers.ToDictionary(peer => peer.PublicKey);
        Assert.Equal(1000, read.Count);
        Assert.All(peers, peer => Assert.Equal(peer.Endpoint, read[peer.PublicKey].Endpoint));
        Assert.All(peers, peer => Assert.True(peer.AllowedIps!.Value.ToHashSet().SetEquals(read[peer.PublicKey].AllowedIps)));

        _wireGuard.ChangeDevice(Device, new WireGuardDeviceChange { Peers = [.. peers.Skip(10).Select(peer => new WireGuardPeerChange { PublicKey = peer.PublicKey, Remove = true })] });
        Assert.Equal(10, _wireGuard.FindDevice(Device)!.Peers.Length);
    }

    [Fact]
    public void ChangeDevice_PartOfAPeer_LeavesTheRestAndTheOthers()
    {
        var (changed, other) = (NewKey(), NewKey());
        _wireGuard.ChangeDevice(Device, new WireGuardDeviceChange
        {
            PrivateKey = NewSecret(),
            Peers =
            [
                new WireGuardPeerChange { PublicKey = changed, PresharedKey = NewSecret(), Endpoint = IPEndPoint.Parse("192.0.2.7:1"), PersistentKeepalive = 25, AllowedIps = [IPNetwork.Parse("198.18.0.7/32")] },
                new WireGuardPeerChange { PublicKey = other, Endpoint = IPEndPoint.Parse("192.0.2.8:1"), AllowedIps = [IPNetwork.Parse("198.18.0.8/32")] },
            ],
        });
        var before = _wireGuard.FindDevice(Device)!.Peers.ToDictionary(peer => peer.PublicKey);

        _wireGuard.ChangeDevice(Device, new WireGuardDeviceChange { Peers = [new WireGuardPeerChange { PublicKey = changed, UpdateOnly = true, Endpoint = IPEndPoint.Parse("[2001:db8::7]:2") }] });

        var after = _wireGuard.FindDevice(Device)!.Peers.ToDictionary(peer => peer.PublicKey);
        AssertSame(before[changed] with { Endpoint = IPEndPoint.Parse("[2001:db8::7]:2") }, after[changed]);
        AssertSame(before[other], after[other]);

        _wireGuard.ChangeDevice(Device, new WireGuardDeviceChange { Peers = [new WireGuardPeerChange { PublicKey = changed, PresharedKey = default(CurveSecret), AllowedIps = [] }] });
        Assert.Equal((default, 0), (Peer(changed).PresharedKey, Peer(changed).AllowedIps.Length));
    }

    [Fact]
    public void FindDevice_NotThereOrOfAnotherKind_IsToldApart()
    {
        Assert.Null(_wireGuard.FindDevice("nothing0"));
        Assert.True(Assert.Throws<NetlinkException>(() => _wireGuard.FindDevice("lo")).IsNotSupported);
    }

    [Fact]
    public void WhyNot_KindsThatThisKernelHas_SaysNothingAndMakesNothing()
    {
        _ = _here.Netlink.WhyNot(LinkKind.Gre); // its module makes devices of its own
        var before = _here.Netlink.GetLinks().Select(link => link.Name).ToList();

        Assert.Null(_here.Netlink.WhyNot(LinkKind.WireGuard));
        Assert.Null(_here.Netlink.WhyNot(LinkKind.Gre));

        Assert.Equal(before, _here.Netlink.GetLinks().Select(link => link.Name));
    }

    private WireGuardPeerInfo Peer(CurveKey key) => _wireGuard.FindDevice(Device)!.Peers.Single(peer => peer.PublicKey == key);

    private static void AssertSame(WireGuardPeerInfo expected, WireGuardPeerInfo actual)
    {
        Assert.Equal(expected.AllowedIps, actual.AllowedIps);
        Assert.Equal(expected, actual with { AllowedIps = expected.AllowedIps });
    }

    private static CurveSecret NewSecret() => new(RandomNumberGenerator.GetBytes(CurveKey.Length));

    private static CurveKey NewKey() => new(RandomNumberGenerator.GetBytes(CurveKey.Length));
}
