using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink;
using Meshover.Linux.Netlink.Codec;
using Meshover.Linux.Netlink.Wire;
using Xunit;

namespace Meshover.UnitTests.Linux;

/// <summary>What the kernel sent, read back; and every way in which it could be cut off.</summary>
public sealed class NetlinkDecodingTests
{
    [Fact]
    public void Links_Bridge_HasItsNameKindAliasAndSettings()
    {
        var link = Parse<LinkInfo>(KernelDumps.Links, LinkCodec.TryParse).Single(l => l.Name == "br0");
        Assert.Equal("bridge", link.Kind);
        Assert.Equal("site a", link.Alias);
        Assert.Equal(1400, link.Mtu);
        Assert.True(link.IsUp);
        Assert.Equal(6, link.HardwareAddress.Length);
        Assert.Equal(AddressGenerationMode.Eui64, link.AddressGeneration);
        Assert.Equal(new LinkIpv4Settings(Forwarding: 0, RpFilter: 0, AcceptRedirects: 1), link.Ipv4);
        Assert.Equal(new LinkIpv6Settings(Forwarding: 0, AcceptRa: 1, AcceptRedirects: 1, DisableIpv6: 0, Mtu: 1400), link.Ipv6);
    }

    [Fact]
    public void Addresses_OfBothFamilies_AreRead()
    {
        var addresses = Parse<AddressInfo>(KernelDumps.Addresses, AddressCodec.TryParse);
        Assert.Equal(["10.249.0.7/32", "192.0.2.1/24", "fe80::7/64", "fe80::8c0c:54ff:fe54:5fb1/64"], addresses.Select(a => a.ToString()));
        Assert.Equal(AddressFlags.NoDad | AddressFlags.Permanent, addresses[2].Flags & ~AddressFlags.Tentative);
    }

    [Fact]
    public void Routes_MetricsMultipathAndTableAbove255_AreRead()
    {
        var routes = Parse<RouteInfo>(KernelDumps.Routes4, RouteCodec.TryParse).Where(r => r.Protocol == 112).ToDictionary(r => r.Destination.ToString());
        var mirrored = routes["10.1.0.0/16"];
        Assert.Equal((7401u, IPAddress.Parse("192.0.2.2"), IPAddress.Parse("10.249.0.7"), 1300u), (mirrored.Table, mirrored.Gateway, mirrored.PreferredSource, mirrored.Mtu));
        Assert.Equal((RouteKind.Unreachable, 4294967294u), (routes["10.9.0.0/16"].Kind, routes["10.9.0.0/16"].Metric));
        Assert.Equal([(IPAddress.Parse("192.0.2.2"), 1), (IPAddress.Parse("fe80::9"), 5)], routes["10.2.0.0/16"].NextHops.Select(hop => (hop.Gateway!, hop.Weight)));

        var route6 = Parse<RouteInfo>(KernelDumps.Routes6, RouteCodec.TryParse).Single(r => r.Protocol == 112);
        Assert.Equal(("2001:db8::/32", 5u, IPAddress.Parse("fe80::9")), (route6.Destination.ToString(), route6.Metric, route6.Gateway));
    }

    [Fact]
    public void Rules_MarkTableAndAction_AreRead()
    {
        var lookup = new RuleInfo { Family = AddressFamily.InterNetwork, Priority = 32764, Mark = 0x6d, MarkMask = 0xff, Table = 7401, Protocol = 112 };
        RuleInfo[] expected = [lookup, lookup with { Priority = 32765, Table = 0, Action = RuleAction.Prohibit }];
        Assert.Equal(expected, Parse<RuleInfo>(KernelDumps.Rules4, RuleCodec.TryParse).Where(r => r.Protocol == 112));
    }

    [Fact]
    public void Neighbours_PermanentEntry_IsRead()
    {
        var neighbour = Parse<NeighbourInfo>(KernelDumps.Neighbours, NeighbourCodec.TryParse).Single(n => n.Address.Equals(IPAddress.Parse("192.0.2.9")));
        Assert.Equal([2, 0, 0, 0, 0, 9], neighbour.HardwareAddress);
        Assert.Equal(0x80, neighbour.State);
    }

    public static TheoryData<string> Dumps => [.. Table.Keys];

    [Theory]
    [MemberData(nameof(Dumps))]
    public void AnyDump_CutOffAnywhere_IsATypedErrorOrLess(string name)
    {
        var (dump, parse) = Table[name];
        var whole = parse(dump);
        for (var length = 0; length < dump.Length; length++)
        {
            try
            {
                Assert.True(parse(dump[..length]) <= whole);
            }
            catch (NetlinkFormatException)
            {
                // The one way in which it may fail.
            }
        }
    }

    [Theory]
    [MemberData(nameof(Dumps))]
    public void AnyDump_AnyByteChanged_IsATypedErrorOrParsed(string name)
    {
        var (dump, parse) = Table[name];
        foreach (var value in (byte[])[0, 1, 3, 0x7f, 0xff])
        {
            for (var at = 0; at < dump.Length; at++)
            {
                var changed = dump.ToArray();
                changed[at] = value;
                try
                {
                    parse(changed);
                }
                catch (NetlinkFormatException)
                {
                    // The one way in which it may fail.
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Dumps))]
    public void AnyMessage_ShortenedWithItsLengthRight_IsATypedErrorOrParsed(string name)
    {
        var (dump, parse) = Table[name];
        var message = dump[..BitConverter.ToInt32(dump)];
        for (var length = NetlinkWriter.HeaderLength; length < message.Length; length++)
        {
            var cut = message[..length];
            BitConverter.TryWriteBytes(cut, length);
            try
            {
                parse(cut);
            }
            catch (NetlinkFormatException)
            {
                // The one way in which it may fail.
            }
        }
    }

    private static readonly Dictionary<string, (byte[] Dump, Func<byte[], int> Count)> Table = new(StringComparer.Ordinal)
    {
        ["links"] = (KernelDumps.Links, bytes => Parse<LinkInfo>(bytes, LinkCodec.TryParse).Count),
        ["addresses"] = (KernelDumps.Addresses, bytes => Parse<AddressInfo>(bytes, AddressCodec.TryParse).Count),
        ["routes4"] = (KernelDumps.Routes4, bytes => Parse<RouteInfo>(bytes, RouteCodec.TryParse).Count),
        ["routes6"] = (KernelDumps.Routes6, bytes => Parse<RouteInfo>(bytes, RouteCodec.TryParse).Count),
        ["rules"] = (KernelDumps.Rules4, bytes => Parse<RuleInfo>(bytes, RuleCodec.TryParse).Count),
        ["neighbours"] = (KernelDumps.Neighbours, bytes => Parse<NeighbourInfo>(bytes, NeighbourCodec.TryParse).Count),
    };

    private static List<T> Parse<T>(byte[] dump, MessageParser<T> parser)
    {
        var items = new List<T>();
        var messages = new NetlinkMessageReader(dump);
        while (messages.TryRead(out var message))
        {
            if (parser(message, out var item))
                items.Add(item);
        }

        return items;
    }
}
