using System.Net;
using Meshover.LabTests.Linux;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Kernel;

/// <summary>The kernel's <c>gre</c> devices.</summary>
public sealed class GreLinkTests : IDisposable
{
    private const string Link = "mo-00000002";
    private readonly TestNamespace _here = new();

    public void Dispose() => _here.Dispose();

    [Fact]
    public void CreateLink_Gre_IsReadBackAsWritten()
    {
        _here.Netlink.CreateLink(LinkSpec.Dummy("below"));
        var tunnel = new GreTunnel { LowerIndex = _here.Netlink.GetLink("below").Index, Local = IPAddress.Parse("198.18.0.1"), Remote = IPAddress.Parse("198.18.0.2"), TimeToLive = 64 };

        _here.Netlink.CreateLink(LinkSpec.OfGre(Link, tunnel) with { Mtu = 1396 });
        _here.Netlink.SetLink(Link, new LinkChange { Alias = "peer", Multicast = true, AddressGeneration = AddressGenerationMode.None });
        _here.Netlink.SetUp(Link);

        var link = _here.Netlink.GetLink(Link);
        Assert.Equal(("gre", "peer", 1396, tunnel), (link.Kind, link.Alias, link.Mtu, link.Gre));
        Assert.True(link.Flags.HasFlag(LinkFlags.Multicast | LinkFlags.PointToPoint | LinkFlags.Up));
        Assert.Equal(AddressGenerationMode.None, link.AddressGeneration);
        Assert.Empty(_here.Netlink.GetAddresses(link.Index));
    }

    [Fact]
    public void SetLink_OtherEndOfATunnel_IsChangedInPlace()
    {
        var tunnel = new GreTunnel { Local = IPAddress.Parse("198.18.0.1"), Remote = IPAddress.Parse("198.18.0.2"), TimeToLive = 64 };
        _here.Netlink.CreateLink(LinkSpec.OfGre(Link, tunnel) with { Mtu = 1396 });
        _here.Netlink.SetLink(Link, new LinkChange { AddressGeneration = AddressGenerationMode.None });
        _here.Netlink.SetUp(Link);
        _here.Netlink.ReplaceAddress(Link, IPAddress.Parse("fe80::1"), 64);
        var index = _here.Netlink.GetLink(Link).Index;

        _here.Netlink.SetLink(Link, new LinkChange { Gre = tunnel with { Remote = IPAddress.Parse("198.18.0.3") }, Mtu = 1300 });

        var link = _here.Netlink.GetLink(Link);
        Assert.Equal((index, 1300, IPAddress.Parse("198.18.0.3"), true), (link.Index, link.Mtu, link.Gre!.Remote, link.IsUp));
        Assert.Contains(_here.Netlink.GetAddresses(index), address => address.Address.Equals(IPAddress.Parse("fe80::1")));
    }
}
