using System.Net.Sockets;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;
using Xunit;
using static Meshover.UnitTests.Agent.Reconciling.KernelScene;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class KernelEventFilterTests
{
    private readonly KernelEventFilter _filter = new(KernelNames.Default);

    [Fact]
    public void Link_SaidAgain_IsNothing()
    {
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new LinkEvent(Link(2, "eth0"), Deleted: false)));
        Assert.Equal(KernelChanges.None, _filter.Classify(new LinkEvent(Link(2, "eth0"), Deleted: false)));
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new LinkEvent(Link(2, "eth0") with { Flags = LinkFlags.Up }, Deleted: false)));
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new LinkEvent(Link(2, "eth0"), Deleted: true)));
    }

    [Fact]
    public void Address_OfOurLinkRemoved_IsOursAndOneThatWeAddedIsNothing()
    {
        _filter.Classify(new LinkEvent(Link(8, "mo-00000002"), Deleted: false));
        Assert.Equal(KernelChanges.None, _filter.Classify(new AddressEvent(Address(8, "fe80::1", 64), Deleted: false)));
        Assert.Equal(KernelChanges.Own, _filter.Classify(new AddressEvent(Address(8, "fe80::1", 64), Deleted: true)));
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new AddressEvent(Address(2, "192.0.2.7", 24, protocol: 0), Deleted: false)));
    }

    [Fact]
    public void Underlay_AddressOrLinkThatCarriesItGoesAway_IsToldApart()
    {
        _filter.Watched = [2];
        const KernelChanges lost = KernelChanges.Underlay | KernelChanges.UnderlayLost;
        Assert.Equal(lost, _filter.Classify(new AddressEvent(Address(2, "2001:db8::1", 64, protocol: 0), Deleted: true)));
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new AddressEvent(Address(3, "2001:db8::1", 64, protocol: 0), Deleted: true)));
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new AddressEvent(Address(2, "2001:db8::1", 64, protocol: 0), Deleted: false)));
        Assert.Equal(lost, _filter.Classify(new LinkEvent(Link(2, "eth0") with { Flags = LinkFlags.Up }, Deleted: false)));
        Assert.Equal(lost, _filter.Classify(new LinkEvent(Link(2, "eth0"), Deleted: true)));
    }

    [Fact]
    public void Route_OfTheUnderlayOrOursRemoved_IsHeardAndTheRestIsNot()
    {
        _filter.Classify(new LinkEvent(Link(8, "mo-00000002"), Deleted: false));
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new RouteChangeEvent(Route("0.0.0.0/0"), Deleted: false)));
        Assert.Equal(KernelChanges.Mirror, _filter.Classify(new RouteChangeEvent(Route("10.0.0.0/8"), Deleted: false)));
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new RouteChangeEvent(Route("10.0.0.0/8") with { Mtu = 1400 }, Deleted: false)));
        Assert.Equal(KernelChanges.Own, _filter.Classify(new RouteChangeEvent(Unreachable("10.249.0.0/16"), Deleted: true)));
        Assert.Equal(KernelChanges.None, _filter.Classify(new RouteChangeEvent(Unreachable("10.249.0.0/16"), Deleted: false)));
        Assert.Equal(KernelChanges.Own, _filter.Classify(new RouteChangeEvent(Route("10.0.0.0/8") with { Table = 7401 }, Deleted: false)));
        Assert.Equal(KernelChanges.None, _filter.Classify(new RouteChangeEvent(Route("10.0.0.0/8") with { Table = 99 }, Deleted: false)));
        Assert.Equal(KernelChanges.None, _filter.Classify(new RouteChangeEvent(Route("fe80::/64", link: 8), Deleted: false)));
    }

    [Fact]
    public void Route_OfBgp_IsTheMeshsByOurLinksAndTheUnderlaysByOthers()
    {
        _filter.Learn([Link(8, "mo-00000002")], [new RuleInfo { Family = AddressFamily.InterNetwork, Priority = 32767, Table = 253 }]);
        var learned = Route("0.0.0.0/0", via: "192.0.2.9", link: 8) with { Protocol = RouteProtocols.Bgp };
        Assert.Equal(KernelChanges.MeshRoutes, _filter.Classify(new RouteChangeEvent(learned, Deleted: false)));
        Assert.Equal(KernelChanges.MeshRoutes, _filter.Classify(new RouteChangeEvent(learned, Deleted: true)));
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new RouteChangeEvent(learned with { OutputLink = Eth0 }, Deleted: false)));
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new RouteChangeEvent(Route("0.0.0.0/0") with { Table = 253 }, Deleted: false)));
        Assert.Equal(KernelChanges.Underlay, _filter.Classify(new Ipv6SettingsEvent(Eth0)));
        Assert.Equal(KernelChanges.Own, _filter.Classify(new Ipv6SettingsEvent(8)));
    }

    [Fact]
    public void Rule_OursRemoved_IsHeardAndOthersAreNot()
    {
        var rule = new RuleInfo { Family = AddressFamily.InterNetwork, Priority = 32764, Protocol = 112 };
        Assert.Equal(KernelChanges.Own, _filter.Classify(new RuleEvent(rule, Deleted: true)));
        Assert.Equal(KernelChanges.None, _filter.Classify(new RuleEvent(rule, Deleted: false)));
        Assert.Equal(KernelChanges.None, _filter.Classify(new RuleEvent(rule with { Protocol = 2 }, Deleted: true)));
    }

    [Fact]
    public void Resync_Whatever_IsEverything() =>
        Assert.Equal(KernelChanges.Resync | KernelChanges.Own | KernelChanges.Underlay, _filter.Classify(new ResyncEvent()));
}
