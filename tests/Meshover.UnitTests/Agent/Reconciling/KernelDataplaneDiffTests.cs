using System.Net;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Linux.Netlink;
using Meshover.Linux.WireGuard;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Xunit;

namespace Meshover.UnitTests.Agent.Reconciling;

/// <summary>What is changed of the kernel's WireGuard device and links, and above all what is not.</summary>
public sealed class KernelDataplaneDiffTests
{
    private static readonly IPEndPoint There = IPEndPoint.Parse("192.0.2.7:12912");
    private static readonly IPEndPoint Elsewhere = IPEndPoint.Parse("[2001:db8::7]:40000");
    private static readonly Dictionary<CurveKey, IPEndPoint?> Nothing = [];
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void OfDevice_AllAsItShouldBe_IsEmpty() => Assert.True(Change(Device(Seen(2)), Config(Peer(2))).IsEmpty);

    [Fact]
    public void OfDevice_PrivateKeyAsMade_IsTheKernelsClampedOne()
    {
        var unclamped = Enumerable.Repeat((byte)0xff, 32).ToArray();
        var clamped = unclamped.ToArray();
        (clamped[0], clamped[31]) = (0xf8, 0x7f);

        var change = Change(Device() with { PrivateKey = new CurveSecret(clamped) }, Config() with { PrivateKey = new WireGuardSecret(unclamped) });

        Assert.Null(change.PrivateKey);
    }

    [Fact]
    public void OfDevice_NewDevice_GetsEverything()
    {
        var change = Change(new WireGuardDeviceInfo { LinkIndex = 5, Name = "meshover0" }, Config(Peer(2)));

        Assert.Equal((Secret, 12912, 0x6du), (change.PrivateKey, change.ListenPort, change.FirewallMark));
        Assert.Equal([Key(2), Key(2), Key(2), Key(2)], change.Peers.Select(peer => peer.PublicKey));
    }

    [Fact]
    public void OfDevice_NewPeerToCall_IsMadeAndSentAPacket()
    {
        var change = Change(Device(), Config(Peer(2)));

        Assert.Equal([null, There, null, null], change.Peers.Select(peer => peer.Endpoint));
        Assert.Equal([null, 0, 1, 0], change.Peers.Select(peer => peer.PersistentKeepalive));
        Assert.Equal([false, true, true, true], change.Peers.Select(peer => peer.UpdateOnly));
    }

    [Fact]
    public void OfDevice_NewPeerThatCallsUs_IsOnlyMade()
    {
        var peer = Assert.Single(Change(Device(), Config(Peer(2) with { Endpoint = null, PersistentKeepalive = 25 })).Peers);

        Assert.Equal((null, 25, false), (peer.Endpoint, peer.PersistentKeepalive, peer.UpdateOnly));
    }

    [Fact]
    public void OfDevice_OwnKeyChanges_EveryPeerIsCalledWhereItIs()
    {
        var seen = Seen(2) with { Endpoint = Elsewhere, LastHandshake = Now.AddMinutes(-1) };

        var change = Change(Device(seen) with { PrivateKey = new CurveSecret(Enumerable.Repeat((byte)0x48, 32).ToArray()) }, Config(Peer(2)));

        Assert.Equal(Secret, change.PrivateKey);
        Assert.Equal([Elsewhere, null, null], change.Peers.Select(peer => peer.Endpoint));
        Assert.All(change.Peers, peer => Assert.True(peer.UpdateOnly));
    }

    [Fact]
    public void OfDevice_OwnKeyChangesRightAfterAHandshake_ThePeerIsMetAnewForNoHandshakeMayBeginSoSoon()
    {
        var seen = Seen(2) with { Endpoint = Elsewhere, LastHandshake = Now.AddSeconds(-2) };

        var change = Change(Device(seen) with { PrivateKey = new CurveSecret(Enumerable.Repeat((byte)0x48, 32).ToArray()) }, Config(Peer(2)));

        Assert.True(change.Peers[0].Remove);
        Assert.False(change.Peers[1].UpdateOnly);
        Assert.Equal(Elsewhere, change.Peers[2].Endpoint);
    }

    [Fact]
    public void OfDevice_PeersKeyChanges_TheFormerGoesAndTheNewOneIsCalledInOneMessage()
    {
        var peer = Peer(3) with { OtherPublicKey = new WireGuardKey(Key(2).Bytes), Endpoint = Elsewhere };

        var change = Change(Device(Seen(2)), Config(peer));

        Assert.Equal((Key(2), true), (change.Peers[0].PublicKey, change.Peers[0].Remove));
        Assert.Equal(Key(3), change.Peers[1].PublicKey);
        Assert.Equal(Elsewhere, change.Peers[2].Endpoint);
    }

    [Fact]
    public void OfDevice_PeerRoamed_IsLeftWhereItIs()
    {
        Assert.True(Change(Device(Seen(2) with { Endpoint = Elsewhere }), Config(Peer(2))).IsEmpty);
        Assert.True(Change(Device(Seen(2) with { Endpoint = Elsewhere }), Config(Peer(2)), new() { [Key(2)] = There }).IsEmpty);
    }

    [Fact]
    public void OfDevice_EndpointNamedAnew_IsCalled()
    {
        var change = Change(Device(Seen(2)), Config(Peer(2) with { Endpoint = Elsewhere, PersistentKeepalive = 25 }), new() { [Key(2)] = There });

        Assert.Contains(change.Peers, peer => Equals(peer.Endpoint, Elsewhere));
        Assert.Equal(25, change.Peers[^1].PersistentKeepalive);
    }

    [Fact]
    public void OfDevice_PeerGone_IsRemovedAndNoOtherNamed()
    {
        var peer = Assert.Single(Change(Device(Seen(2), Seen(3)), Config(Peer(3))).Peers);

        Assert.Equal((Key(2), true), (peer.PublicKey, peer.Remove));
    }

    [Fact]
    public void OfDevice_OnlyThePresharedKeyDiffers_ChangesThatAlone()
    {
        var secret = new WireGuardSecret(Enumerable.Repeat((byte)9, 32).ToArray());

        var peer = Assert.Single(Change(Device(Seen(2)), Config(Peer(2) with { PresharedKey = secret })).Peers);

        Assert.Equal((new CurveSecret(secret.Bytes), null, null, null), (peer.PresharedKey, peer.PersistentKeepalive, peer.Endpoint, peer.AllowedIps));
    }

    [Fact]
    public void OfDevice_PresharedKeyTakenBack_IsCleared()
    {
        var peer = Assert.Single(Change(Device(Seen(2) with { PresharedKey = Secret }), Config(Peer(2))).Peers);

        Assert.Equal(default(CurveSecret), peer.PresharedKey);
    }

    [Fact]
    public void OfLink_AsItShouldBe_IsNothing() => Assert.Null(KernelDataplaneDiff.OfLink(SeenLink(), Link(2), lowerIndex: 5));

    [Fact]
    public void OfLink_DeviceMadeAnew_MovesTheTunnelToIt()
    {
        var change = KernelDataplaneDiff.OfLink(SeenLink(), Link(2), lowerIndex: 9)!;

        Assert.Equal((9, 1396), (change.Gre!.LowerIndex, change.Mtu));
    }

    [Fact]
    public void OfLink_KeySetByHand_IsTakenAway() =>
        Assert.NotNull(KernelDataplaneDiff.OfLink(SeenLink() with { Gre = SeenLink().Gre! with { HasOptions = true } }, Link(2), lowerIndex: 5)!.Gre);

    [Fact]
    public void OfLink_PeerRenamed_ChangesTheAliasAlone() =>
        Assert.Equal(new LinkChange { Alias = "other" }, KernelDataplaneDiff.OfLink(SeenLink(), Link(2) with { Alias = "other" }, lowerIndex: 5));

    private static CurveSecret Secret => new(Enumerable.Repeat((byte)0x40, 32).ToArray());

    private static CurveKey Key(int peer) => new(Enumerable.Repeat((byte)peer, 32).ToArray());

    private static WireGuardDeviceChange Change(WireGuardDeviceInfo device, DataplaneConfig config, Dictionary<CurveKey, IPEndPoint?>? given = null) =>
        KernelDataplaneDiff.OfDevice(device, config, given ?? Nothing, Now);

    private static WireGuardDeviceInfo Device(params WireGuardPeerInfo[] peers) =>
        new() { LinkIndex = 5, Name = "meshover0", PrivateKey = Secret, ListenPort = 12912, FirewallMark = 0x6d, Peers = [.. peers] };

    private static WireGuardPeerInfo Seen(int peer) =>
        new() { PublicKey = Key(peer), Endpoint = There, AllowedIps = [IPNetwork.Parse($"198.18.0.{peer}/32")] };

    private static LinkInfo SeenLink() => new()
    {
        Index = 6,
        Name = "mo-00000002",
        Kind = "gre",
        Alias = "number 2",
        Mtu = 1396,
        Flags = LinkFlags.Up | LinkFlags.Multicast,
        Gre = KernelDataplaneDiff.Tunnel(Link(2), lowerIndex: 5),
    };

    private static DataplaneConfig Config(params PeerConfig[] peers) => new()
    {
        Interface = "meshover0",
        PrivateKey = new WireGuardSecret(Secret.Bytes),
        ListenPort = 12912,
        FirewallMark = 0x6d,
        Mtu = 1420,
        Peers = [.. peers],
    };

    private static PeerConfig Peer(int peer) => new()
    {
        PublicKey = new WireGuardKey(Key(peer).Bytes),
        Endpoint = There,
        AllowedIps = [IPNetwork.Parse($"198.18.0.{peer}/32")],
        Link = Link(peer),
    };

    private static LinkConfig Link(int peer) => new()
    {
        Name = $"mo-{peer:x8}",
        Alias = $"number {peer}",
        Mtu = 1396,
        LocalTunnel = IPAddress.Parse("198.18.0.1"),
        RemoteTunnel = IPAddress.Parse($"198.18.0.{peer}"),
    };
}
