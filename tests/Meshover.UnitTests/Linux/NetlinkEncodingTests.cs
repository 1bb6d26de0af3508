using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink;
using Meshover.Linux.Netlink.Codec;
using Meshover.Linux.Netlink.Wire;
using Xunit;

namespace Meshover.UnitTests.Linux;

/// <summary>Requests, byte for byte: header (length, type, flags, sequence, port), the family's header, attributes (length, type, value).</summary>
public sealed class NetlinkEncodingTests
{
    [Fact]
    public void Address_NoDad_IsEncoded()
    {
        var address = new AddressInfo { LinkIndex = 5, Address = IPAddress.Parse("fe80::7"), PrefixLength = 64, Flags = AddressFlags.NoDad, Protocol = 112 };
        AssertRequest(
            "50000000 1400 0505 2a000000 00000000"
            + "0a 40 02 00 05000000"
            + "1400 0200 fe800000000000000000000000000007"
            + "1400 0100 fe800000000000000000000000000007"
            + "0800 0800 02000000"
            + "0500 0b00 70 000000",
            MessageType.NewAddress, (ref NetlinkWriter writer) => AddressCodec.Write(ref writer, address));
    }

    [Fact]
    public void Neighbour_ToBeProbed_IsEncoded()
    {
        var neighbour = new NeighbourInfo { LinkIndex = 5, Address = IPAddress.Parse("10.70.0.5"), State = 4 };
        AssertRequest(
            "24000000 1c00 0505 2a000000 00000000"
            + "02 00 0000 05000000 1000 00 00"
            + "0800 0100 0a460005",
            MessageType.NewNeighbour, (ref NetlinkWriter writer) => NeighbourCodec.Write(ref writer, neighbour, NeighbourInfo.Probe));
    }

    [Fact]
    public void Route_ViaGatewayInATableAbove255_IsEncoded()
    {
        var route = new RouteInfo
        {
            Destination = IPNetwork.Parse("10.1.0.0/16"),
            Gateway = IPAddress.Parse("192.0.2.2"),
            OutputLink = 5,
            Table = 7401,
            Protocol = 112,
            Metric = 9,
            PreferredSource = IPAddress.Parse("10.249.0.7"),
            Mtu = 1300,
        };
        AssertRequest(
            "58000000 1800 0505 2a000000 00000000"
            + "02 10 00 00 fc 70 00 01 00000000"
            + "0800 0f00 e91c0000"
            + "0800 0100 0a010000"
            + "0800 0600 09000000"
            + "0800 0700 0af90007"
            + "0800 0400 05000000"
            + "0800 0500 c0000202"
            + "0c00 0800 0800 0200 14050000",
            MessageType.NewRoute, (ref NetlinkWriter writer) => RouteCodec.Write(ref writer, route));
    }

    [Fact]
    public void Route_WithMetricsByANexthopObject_IsReadAsItWasWritten()
    {
        // RTAX_LOCK of the MTU, RTAX_HOPLIMIT 64
        byte[] others = [8, 0, 1, 0, 4, 0, 0, 0, 8, 0, 10, 0, 64, 0, 0, 0];
        var route = new RouteInfo { Destination = IPNetwork.Parse("2001:db8::/32"), NextHopId = 7, Mtu = 1400, OtherMetrics = [.. others], Table = 7401, Protocol = 112 };
        var buffer = new byte[256];
        var writer = new NetlinkWriter(buffer, MessageType.NewRoute, MessageFlags.None, 1);
        RouteCodec.Write(ref writer, route);
        var messages = new NetlinkMessageReader(writer.Finish());
        Assert.True(messages.TryRead(out var message));
        Assert.True(RouteCodec.TryParse(message, out var read));

        Assert.Equal((7u, 1400u, 0), (read.NextHopId, read.Mtu, read.OutputLink));
        Assert.Equal(others, read.OtherMetrics);
    }

    [Fact]
    public void Route_TwoNextHopsOneOfTheOtherFamily_IsEncoded()
    {
        var route = new RouteInfo
        {
            Destination = IPNetwork.Parse("0.0.0.0/0"),
            NextHops =
            [
                new NextHop { OutputLink = 5, Gateway = IPAddress.Parse("192.0.2.2"), Weight = 1, Flags = NextHopFlags.OnLink },
                new NextHop { OutputLink = 6, Gateway = IPAddress.Parse("fe80::9"), Weight = 5 },
            ],
        };
        AssertRequest(
            "58000000 1800 0505 2a000000 00000000"
            + "02 00 00 00 fe 00 00 01 00000000"
            + "0800 0f00 fe000000"
            + "3400 0900"
            + "1000 04 00 05000000 0800 0500 c0000202"
            + "2000 00 04 06000000 1600 1200 0a00 fe800000000000000000000000000009 0000",
            MessageType.NewRoute, (ref NetlinkWriter writer) => RouteCodec.Write(ref writer, route));
    }

    [Fact]
    public void Rule_ProhibitMarked_IsEncoded()
    {
        var rule = new RuleInfo { Family = AddressFamily.InterNetworkV6, Priority = 32765, Mark = 0x6d, MarkMask = 0xff, Action = RuleAction.Prohibit, Protocol = 112 };
        AssertRequest(
            "3c000000 2000 0505 2a000000 00000000"
            + "0a 00 00 00 00 00 00 08 00000000"
            + "0800 0600 fd7f0000"
            + "0800 0a00 6d000000"
            + "0800 1000 ff000000"
            + "0500 1500 70 000000",
            MessageType.NewRule, (ref NetlinkWriter writer) => RuleCodec.Write(ref writer, rule));
    }

    [Fact]
    public void Rule_GotoFromASource_IsEncoded()
    {
        var rule = new RuleInfo { Family = AddressFamily.InterNetwork, Priority = 7450, Source = IPNetwork.Parse("203.0.113.0/24"), Action = RuleAction.Goto, GoTo = 7499, Protocol = 112 };
        AssertRequest(
            "3c000000 2000 0505 2a000000 00000000"
            + "02 00 18 00 00 00 00 02 00000000"
            + "0800 0600 1a1d0000"
            + "0800 0400 4b1d0000"
            + "0800 0200 cb007100"
            + "0500 1500 70 000000",
            MessageType.NewRule, (ref NetlinkWriter writer) => RuleCodec.Write(ref writer, rule));
    }

    [Fact]
    public void Link_VethWithItsEndElsewhere_IsEncoded()
    {
        var link = LinkSpec.Veth("a", "b", "/run/netns/x");
        AssertRequest(
            "60000000 1000 0505 2a000000 00000000"
            + "00 00 0000 00000000 00000000 00000000"
            + "0600 0300 6100 0000"
            + "3800 1200"
            + "0900 0100 7665746800 000000"
            + "2800 0200 2400 0100"
            + "00 00 0000 00000000 00000000 00000000"
            + "0600 0300 6200 0000"
            + "0800 1c00 63000000",
            MessageType.NewLink, (ref NetlinkWriter writer) => LinkCodec.WriteCreate(ref writer, link, null, 99));
    }

    [Fact]
    public void Link_AddressGenerationOff_IsEncoded() =>
        AssertRequest(
            "38000000 1000 0505 2a000000 00000000"
            + "00 00 0000 00000000 00000000 00000000"
            + "0700 0300 6d6f00 00"
            + "1000 1a80 0c00 0a80 0500 0800 01 000000",
            MessageType.NewLink,
            (ref NetlinkWriter writer) => LinkCodec.WriteChange(ref writer, 0, "mo", new LinkChange { AddressGeneration = AddressGenerationMode.None }, null, null));

    [Fact]
    public void Link_Ipv4Settings_AreEncodedByTheirNumbers() =>
        AssertRequest(
            "50000000 1000 0505 2a000000 00000000"
            + "00 00 0000 00000000 00000000 00000000"
            + "0700 0300 6d6f00 00"
            + "2800 1a80"
            + "1800 0280 1400 0180 0800 0400 00000000 0800 0800 02000000"
            + "0c00 0a80 0500 0800 01 000000",
            MessageType.NewLink,
            (ref NetlinkWriter writer) => LinkCodec.WriteChange(
                ref writer, 0, "mo",
                new LinkChange { Ipv4 = new LinkIpv4Change(RpFilter: 2, AcceptRedirects: 0), AddressGeneration = AddressGenerationMode.None }, null, null));

    [Fact]
    public void Link_Gre_IsEncoded()
    {
        var tunnel = new GreTunnel { LowerIndex = 5, Local = IPAddress.Parse("198.18.0.1"), Remote = IPAddress.Parse("198.18.0.2"), TimeToLive = 64 };
        AssertRequest(
            "60000000 1000 0505 2a000000 00000000"
            + "00 00 0000 00000000 00000000 00000000"
            + "0700 0300 6d6f00 00"
            + "0800 0400 74050000"
            + "3000 1200"
            + "0800 0100 67726500"
            + "2400 0200"
            + "0800 0100 05000000"
            + "0800 0600 c6120001"
            + "0800 0700 c6120002"
            + "0500 0800 40 000000",
            MessageType.NewLink, (ref NetlinkWriter writer) => LinkCodec.WriteCreate(ref writer, LinkSpec.OfGre("mo", tunnel) with { Mtu = 1396 }, null, null));
    }

    [Fact]
    public void Link_MulticastAndUp_GoInTheHeader() =>
        AssertRequest(
            "28000000 1000 0505 2a000000 00000000"
            + "00 00 0000 00000000 01100000 01100000"
            + "0700 0300 6d6f00 00",
            MessageType.NewLink,
            (ref NetlinkWriter writer) => LinkCodec.WriteChange(ref writer, 0, "mo", new LinkChange { Up = true, Multicast = true }, null, null));

    [Fact]
    public void Link_Probe_HasNoNameAndNoTransmitQueue() =>
        AssertRequest(
            "3c000000 1000 0505 2a000000 00000000"
            + "00 00 0000 00000000 00000000 00000000"
            + "0800 1f00 00000000"
            + "1400 1200 0e00 0100 77697265 67756172 6400 0000",
            MessageType.NewLink,
            (ref NetlinkWriter writer) => LinkCodec.WriteCreate(ref writer, new LinkSpec { Name = "x", Kind = LinkKind.WireGuard, IsProbe = true }, null, null));

    [Fact]
    public void Write_MoreThanTheBufferHolds_IsATypedError() =>
        Assert.Throws<NetlinkFormatException>(() =>
        {
            var writer = new NetlinkWriter(new byte[32], MessageType.NewLink, MessageFlags.Request, 1);
            writer.PutString(3, "a name that is too long");
        });

    private static void AssertRequest(string hexadecimal, ushort type, BodyWriter body)
    {
        var writer = new NetlinkWriter(new byte[4096], type, MessageFlags.Request | MessageFlags.Ack | MessageFlags.Create | MessageFlags.Replace, 42);
        body(ref writer);
        Assert.Equal(hexadecimal.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexStringLower(writer.Finish()));
    }
}
