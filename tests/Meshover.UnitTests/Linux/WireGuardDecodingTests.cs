using System.Buffers.Binary;
using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Linux.WireGuard;
using Xunit;

namespace Meshover.UnitTests.Linux;

/// <summary>A device that is told in several messages, and every way in which one could be damaged.</summary>
public sealed class WireGuardDecodingTests
{
    private static readonly CurveKey Key1 = new(Convert.FromHexString(WireGuardAnswers.Key1));
    private static readonly CurveKey Key2 = new(Convert.FromHexString(WireGuardAnswers.Key2));

    [Fact]
    public void FindDevice_ToldInTwoMessages_IsWhole()
    {
        var device = Find(WireGuardAnswers.FirstPiece, WireGuardAnswers.SecondPiece, WireGuardAnswers.Done)!;

        Assert.Equal(("meshover0", 5, 12912, 0x6du, Key1), (device.Name, device.LinkIndex, device.ListenPort, device.FirewallMark, device.PublicKey));
        Assert.Equal(new CurveSecret(Convert.FromHexString(WireGuardAnswers.Key3)), device.PrivateKey);
        Assert.Equal([Key1, Key2], device.Peers.Select(peer => peer.PublicKey));
    }

    [Fact]
    public void FindDevice_PeerGoesOnInNextMessage_HasItsStateAndAllItsPrefixes()
    {
        var peer = Find(WireGuardAnswers.FirstPiece, WireGuardAnswers.SecondPiece, WireGuardAnswers.Done)!.Peers[0];

        Assert.Equal(["198.18.0.7/32", "2001:db8::/32", "10.0.0.0/8"], peer.AllowedIps.Select(prefix => prefix.ToString()));
        Assert.Equal((IPEndPoint.Parse("192.0.2.7:12912"), 25, 2000, 1000), (peer.Endpoint, peer.PersistentKeepalive, peer.RxBytes, peer.TxBytes));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(123456789_500), peer.LastHandshake);
        Assert.Equal(new CurveSecret(Convert.FromHexString(WireGuardAnswers.Key3)), peer.PresharedKey);
    }

    [Fact]
    public void FindDevice_PeerNeverHeard_HasNoHandshake()
    {
        var peer = Find(WireGuardAnswers.FirstPiece, WireGuardAnswers.SecondPiece, WireGuardAnswers.Done)!.Peers[1];

        Assert.Null(peer.LastHandshake);
        Assert.Equal("[fe80::9%5]:51820", peer.Endpoint!.ToString());
        Assert.Empty(peer.AllowedIps);
    }

    [Fact]
    public void FindDevice_NoSuchInterface_IsNull() => Assert.Null(Find(FakeNetlinkTransport.Error(19)));

    [Fact]
    public void FindDevice_OfAnotherKind_IsAnError() => Assert.True(Assert.Throws<NetlinkException>(() => Find(FakeNetlinkTransport.Error(95))).IsNotSupported);

    [Fact]
    public void FindDevice_KernelWithoutWireGuard_IsNull()
    {
        using var netlink = new WireGuardNetlink(new FakeNetlinkTransport().Answer(FakeNetlinkTransport.Error(2)));
        Assert.Null(netlink.FindDevice("meshover0"));
    }

    [Fact]
    public void ChangeDevice_KernelWithoutWireGuard_SaysSo()
    {
        using var netlink = new WireGuardNetlink(new FakeNetlinkTransport().Answer(FakeNetlinkTransport.Error(2)));
        var error = Assert.Throws<NetlinkException>(() => netlink.ChangeDevice("meshover0", new WireGuardDeviceChange()));
        Assert.StartsWith("find generic netlink family wireguard: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FindDevice_CutOffAnywhere_IsATypedErrorOrLess() => ForEachShortened(WireGuardAnswers.FirstPiece);

    [Fact]
    public void FindDevice_SecondMessageCutOffAnywhere_IsATypedErrorOrLess() => ForEachShortened(WireGuardAnswers.SecondPiece);

    [Fact]
    public void FindDevice_AnyByteChanged_IsATypedErrorOrParsed()
    {
        foreach (var value in (byte[])[0, 1, 3, 0x7f, 0xff])
        {
            // The message's own header is what tells it from others: a changed one is no answer.
            for (var at = 16; at < WireGuardAnswers.FirstPiece.Length; at++)
            {
                var changed = WireGuardAnswers.FirstPiece;
                changed[at] = value;
                Try(changed);
            }
        }
    }

    private static void ForEachShortened(byte[] message)
    {
        for (var length = 16; length < message.Length; length++)
        {
            var cut = message[..length];
            BinaryPrimitives.WriteInt32LittleEndian(cut, length);
            Try(cut);
        }
    }

    private static void Try(byte[] message)
    {
        try
        {
            Assert.True(Find(message, WireGuardAnswers.Done)!.Peers.Length <= 2);
        }
        catch (NetlinkFormatException)
        {
            // The one way in which it may fail.
        }
    }

    private static WireGuardDeviceInfo? Find(params byte[][] answer)
    {
        var family = new FakeNetlinkTransport().Answer(WireGuardAnswers.Family, FakeNetlinkTransport.Error(0)).Answer(answer);
        using var netlink = new WireGuardNetlink(family);
        return netlink.FindDevice("meshover0");
    }
}
