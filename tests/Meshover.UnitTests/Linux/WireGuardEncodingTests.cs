using System.Buffers.Binary;
using System.Net;
using Meshover.Linux.WireGuard;
using Xunit;

namespace Meshover.UnitTests.Linux;

/// <summary>Requests to WireGuard, byte for byte: nlmsghdr, genlmsghdr (command, version), attributes (length, type, value); linux/wireguard.h.</summary>
public sealed class WireGuardEncodingTests
{
    private const string Key1 = "0101010101010101010101010101010101010101010101010101010101010101";
    private const string Key2 = "0202020202020202020202020202020202020202020202020202020202020202";
    private const string Key3 = "0303030303030303030303030303030303030303030303030303030303030303";

    [Fact]
    public void ChangeDevice_OwnSettingsAndAPeer_IsEncoded()
    {
        var change = new WireGuardDeviceChange
        {
            PrivateKey = new CurveSecret(Bytes(Key1)),
            ListenPort = 12912,
            FirewallMark = 0x6d,
            ReplacePeers = true,
            Peers =
            [
                new WireGuardPeerChange
                {
                    PublicKey = new CurveKey(Bytes(Key2)),
                    PresharedKey = new CurveSecret(Bytes(Key3)),
                    Endpoint = IPEndPoint.Parse("192.0.2.7:12912"),
                    PersistentKeepalive = 25,
                    AllowedIps = [IPNetwork.Parse("198.18.0.7/32"), IPNetwork.Parse("2001:db8::/32")],
                },
            ],
        };
        Assert.Equal(
            Text("1c010000 2000 0500 02000000 00000000"
            + "01 01 0000"
            + "0e00 0200 6d657368 6f766572 3000 0000"
            + $"2400 0300 {Key1}"
            + "0600 0600 7032 0000"
            + "0800 0700 6d000000"
            + "0800 0500 01000000"
            + "bc00 0880"
            + "b800 0080"
            + $"2400 0100 {Key2}"
            + "0800 0300 02000000"
            + $"2400 0200 {Key3}"
            + "1400 0400 0200 3270 c0000207 0000000000000000"
            + "0600 0500 1900 0000"
            + "4800 0980"
            + "1c00 0080 0600 0100 0200 0000 0800 0200 c6120007 0500 0300 20 000000"
            + "2800 0080 0600 0100 0a00 0000 1400 0200 20010db8000000000000000000000000 0500 0300 20 000000"),
            Send(change).Single());
    }

    [Fact]
    public void ChangeDevice_EndpointOfIPv6OnLink_IsEncodedWithItsScope()
    {
        var change = new WireGuardDeviceChange
        {
            Peers = [new WireGuardPeerChange { PublicKey = new CurveKey(Bytes(Key2)), UpdateOnly = true, Endpoint = new IPEndPoint(new IPAddress(IPAddress.Parse("fe80::9").GetAddressBytes(), 5), 51820) }],
        };
        Assert.Equal(
            Text("78000000 2000 0500 02000000 00000000"
            + "01 01 0000"
            + "0e00 0200 6d657368 6f766572 3000 0000"
            + "5400 0880"
            + "5000 0080"
            + $"2400 0100 {Key2}"
            + "0800 0300 04000000"
            + "2000 0400 0a00 ca6c 00000000 fe800000000000000000000000000009 05000000"),
            Send(change).Single());
    }

    [Fact]
    public void ChangeDevice_PeerRemoved_NamesItAndNothingElse()
    {
        var change = new WireGuardDeviceChange { Peers = [new WireGuardPeerChange { PublicKey = new CurveKey(Bytes(Key2)), Remove = true }] };
        Assert.EndsWith(Text($"3400 0880 3000 0080 2400 0100 {Key2} 0800 0300 01000000"), Send(change).Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void ChangeDevice_ThousandPeers_FillsMessagesAndConfiguresTheDeviceOnce()
    {
        var change = new WireGuardDeviceChange { PrivateKey = new CurveSecret(Bytes(Key1)), ReplacePeers = true, Peers = [.. Enumerable.Range(1, 1000).Select(Peer)] };

        var messages = Send(change);

        Assert.InRange(messages.Count, 2, 12);
        Assert.All(messages, message => Assert.True(message.Length / 2 <= 16384));
        Assert.Equal([0], messages.Index().Where(each => each.Item.Contains(Text($"2400 0300 {Key1}"), StringComparison.Ordinal)).Select(each => each.Index));
        Assert.Equal([0], messages.Index().Where(each => each.Item.Contains(Text("0800 0500 01000000"), StringComparison.Ordinal)).Select(each => each.Index));
        var all = string.Concat(messages);
        Assert.All(change.Peers, peer => Assert.Single(Occurrences(all, Convert.ToHexStringLower(peer.PublicKey.Bytes))));
    }

    [Fact]
    public void ChangeDevice_MorePrefixesThanAMessageHolds_GoesOnWithoutReplacingThem()
    {
        var peer = Peer(7) with { AllowedIps = [.. Enumerable.Range(0, 1000).Select(i => new IPNetwork(new IPAddress([10, (byte)(i >> 8), (byte)i, 0]), 24))] };

        var messages = Send(new WireGuardDeviceChange { Peers = [peer, Peer(8)] });

        var key = Convert.ToHexStringLower(peer.PublicKey.Bytes);
        Assert.InRange(messages.Count, 2, 6);
        Assert.All(messages, message => Assert.Contains(key, message, StringComparison.Ordinal));
        var replaceAllowedIps = Text("0800 0300 02000000");
        Assert.Contains(key + replaceAllowedIps, messages[0], StringComparison.Ordinal);
        Assert.All(messages.Skip(1), message => Assert.DoesNotContain(key + replaceAllowedIps, message, StringComparison.Ordinal));
        Assert.Equal(1000, messages.Sum(message => Occurrences(message, Text("0500 0300 18")).Count));
        Assert.Contains(Convert.ToHexStringLower(Peer(8).PublicKey.Bytes), messages[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void ChangeDevice_NothingToChange_SendsOneMessageThatNamesTheDevice() =>
        Assert.EndsWith(Text("01 01 0000 0e00 0200 6d657368 6f766572 3000 0000"), Send(new WireGuardDeviceChange()).Single(), StringComparison.Ordinal);

    [Fact]
    public void Secret_AsText_IsHidden()
    {
        var change = new WireGuardDeviceChange { PrivateKey = new CurveSecret(Bytes(Key1)) };
        Assert.DoesNotContain(Convert.ToBase64String(Bytes(Key1)), change.ToString(), StringComparison.Ordinal);
    }

    private static WireGuardPeerChange Peer(int number)
    {
        var key = new byte[CurveKey.Length];
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(28), number);
        key[0] = 0xaa;
        return new WireGuardPeerChange
        {
            PublicKey = new CurveKey(key),
            Endpoint = IPEndPoint.Parse("[2001:db8::7]:12912"),
            AllowedIps = [new IPNetwork(new IPAddress([198, 18, (byte)(number >> 8), (byte)number]), 32)],
        };
    }

    private static List<string> Send(WireGuardDeviceChange change)
    {
        var transport = new FakeNetlinkTransport().Answer(WireGuardAnswers.Family, FakeNetlinkTransport.Error(0));
        for (var i = 0; i < 20; i++)
            transport.Answer(FakeNetlinkTransport.Error(0));
        using var netlink = new WireGuardNetlink(transport);
        netlink.ChangeDevice("meshover0", change);
        return [.. transport.Requests.Skip(1).Select(Convert.ToHexStringLower)];
    }

    private static List<int> Occurrences(string text, string part)
    {
        var found = new List<int>();
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
            found.Add(at);
        return found;
    }

    private static string Text(string hexadecimal) => hexadecimal.Replace(" ", "", StringComparison.Ordinal);

    private static byte[] Bytes(string hexadecimal) => Convert.FromHexString(hexadecimal);
}
