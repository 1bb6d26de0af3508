using System.Net;
using Meshover.Agent.Announcing;
using Meshover.Agent.Announcing.Kernel;
using Meshover.Linux.Netlink;
using Meshover.UnitTests.Agent.Endpoints;
using Xunit;

namespace Meshover.UnitTests.Agent.Announcing;

public sealed class KernelSourceTests : IDisposable
{
    private readonly FakeMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Table_Routes_AreAnnouncedInAnOrderOfTheirOwnAndTheRestIsCounted()
    {
        Route("10.224.0.4/30");
        Route("fd24::40/123");
        Route("10.224.0.0/30");
        Route("10.224.0.0/30", metric: 5);
        Route("10.9.0.0/24", table: 120);
        Route("10.224.9.0/24", RouteKind.Blackhole);
        Route("10.224.8.0/24", RouteKind.Blackhole);
        Route("0.0.0.0/0");
        Route("ff02::/16");
        var found = Look(new TableSource(119));
        Assert.Equal(("table 119", "3 prefixes; left out: blackhole (2), default route (1), loopback, link-local or multicast (1)"), (found.Source, found.Status));
        Assert.Equal(["10.224.0.0/30", "10.224.0.4/30", "fd24::40/123"], found.Announcements.Select(announcement => $"{announcement.Prefix}"));
    }

    [Fact]
    public void Table_ThatIsNotThere_IsEmpty() => Assert.Equal("the table is empty", Look(new TableSource(119)).Status);

    [Fact]
    public void Table_OfMoreThanCanBeAnnounced_IsAnnouncedInPart_AndTheRestIsNamed()
    {
        var source = new TableSource(119);
        Route("10.224.0.0/30");
        for (var i = 0; i <= FoundPrefixes.Most; i++) Route($"10.1.{i / 256}.{i % 256}/32");
        var found = Look(source);
        Assert.Equal("4098 prefixes; no more than 4096 can be announced, so these are not: 10.1.16.0/32, 10.224.0.0/30", found.Status);
        Assert.Equal(("10.1.0.0/32", "10.1.15.255/32", 4096), ($"{found.Announcements[0].Prefix}", $"{found.Announcements[^1].Prefix}", found.Announcements.Length));
    }

    [Fact]
    public void Table_DumpThatMissesARoute_IsReadOnceMore()
    {
        var source = new TableSource(119);
        Route("fd24::40/123");
        Look(source);
        _machine.EmptyDumps = 1;
        Assert.Single(Look(source).Announcements);
        _machine.EmptyDumps = 2;
        Assert.Empty(Look(source).Announcements);
    }

    [Fact]
    public void Table_RoutesThatLieElsewhere_AreLeftOut()
    {
        _machine.Add("mo-00000002", "gre", LinkFlags.None);
        _machine.Add("eth0", "", LinkFlags.None);
        _machine.Add(RouteOf("10.1.0.0/24") with { Protocol = RouteProtocols.Bgp, OutputLink = 2 });
        _machine.Add(RouteOf("10.2.0.0/24") with { Protocol = RouteProtocols.Zebra, OutputLink = 2 });
        _machine.Add(RouteOf("10.3.0.0/24") with { Protocol = 112, OutputLink = 2 });
        _machine.Add(RouteOf("10.4.0.0/24") with { OutputLink = 0, NextHops = [new NextHop { OutputLink = 2, Weight = 1 }, new NextHop { OutputLink = 1, Weight = 1 }] });
        _machine.Add(RouteOf("10.5.0.0/24") with { OutputLink = 2 });
        var found = Look(new TableSource(119));
        Assert.Equal("1 prefix; left out: Meshover's own (1), from FRR (2), into the mesh (1)", found.Status);
        Assert.Equal("10.5.0.0/24", $"{Assert.Single(found.Announcements).Prefix}");
    }

    [Fact]
    public async Task Sources_ThatCannotBeReadAtTheStart_AreAskedAgain()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var source = new TableSource(119);
        Route("10.224.0.0/30");
        _machine.Failure = new NetlinkException("list routes", "", 105);
        var first = new KernelSources([source], _machine, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, time).LookFirstAsync(TestContext.Current.CancellationToken);
        Assert.False(first.IsCompleted);
        _machine.Failure = null;
        time.Advance(TimeSpan.FromMilliseconds(200));
        await first.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Single(source.Current.Announcements);
    }

    [Fact]
    public void Table_ThatCannotBeRead_KeepsWhatWasAnnounced_AndIsReadAgain()
    {
        var source = new TableSource(119);
        Route("10.224.0.0/30");
        Look(source);
        _machine.Failure = new NetlinkException("list routes", "", 105);
        source.Hear(new ResyncEvent());
        Assert.False(source.Refresh(_machine));
        Assert.Single(source.Current.Announcements);
        Assert.StartsWith("it cannot be read, and what was announced stays: ", source.Current.Status, StringComparison.Ordinal);
        _machine.Failure = null;
        Assert.True(source.Refresh(_machine));
        Assert.Equal("1 prefix", source.Current.Status);
    }

    [Fact]
    public void Table_HearsItsRoutesAndWhatTakesRoutesAlongSilently()
    {
        var source = new TableSource(119);
        source.Refresh(_machine);
        Assert.True(source.Hear(new RouteChangeEvent(RouteOf("10.224.0.0/30"), Deleted: true)));
        Assert.True(source.Hear(new ResyncEvent()));
        Assert.True(source.Hear(new LinkEvent(new LinkInfo { Index = 3, Name = "veth3" }, Deleted: true)));
        Assert.True(source.Hear(new AddressEvent(new AddressInfo { LinkIndex = 3, Address = IPAddress.Loopback, PrefixLength = 8 }, Deleted: true)));
        Assert.False(source.Hear(new RouteChangeEvent(RouteOf("10.224.0.0/30") with { Table = 120 }, Deleted: false)));
        Assert.False(source.Hear(new LinkEvent(new LinkInfo { Index = 3, Name = "veth3", Flags = LinkFlags.Up }, Deleted: false)));
    }

    [Fact]
    public async Task Changed_OnlyWhereSomethingElseIsFound()
    {
        var source = new TableSource(119);
        Look(source);
        var changed = source.Changed;
        Look(source);
        Assert.False(changed.IsCompleted);
        Route("10.224.0.0/30");
        Look(source);
        await changed.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Interface_Addresses_AreAnnouncedWithTheirPrefixLengths()
    {
        _machine.Add("kube-lb0", "dummy", LinkFlags.None, "10.226.0.10/32", "10.226.1.7/24", "fd26::10/128", "fe80::1/64", "fd26::11/128");
        _machine.Flag(AddressFlags.Deprecated);
        _machine.Add("eth0", "", LinkFlags.None, "192.0.2.1/24");
        var found = Look(new InterfaceSource("kube-lb0"));
        Assert.Equal(["10.226.0.10/32", "10.226.1.0/24", "fd26::10/128"], found.Announcements.Select(announcement => $"{announcement.Prefix}"));
        Assert.Equal("3 prefixes; left out: deprecated or tentative (1)", found.Status);
    }

    [Fact]
    public void Interface_ThatIsNotThereOrDown_AnnouncesNothingAndSaysSo()
    {
        var source = new InterfaceSource("kube-lb0");
        Assert.Equal("there is no interface of that name; nothing is announced until it comes", Look(source).Status);
        _machine.Add("kube-lb0", "dummy", LinkFlags.None, "10.226.0.10/32");
        Assert.Single(Look(source).Announcements);
        _machine.Cut("kube-lb0", flags: null);
        Assert.Equal(("the interface is down; nothing is announced until it is up", 0), (Look(source).Status, source.Current.Announcements.Length));
    }

    [Fact]
    public void Interface_HearsItsNameAndWhatHasItsIndex()
    {
        _machine.Add("kube-lb0", "dummy", LinkFlags.None, "10.226.0.10/32");
        var source = new InterfaceSource("kube-lb0");
        Look(source);
        Assert.True(source.Hear(new LinkEvent(new LinkInfo { Index = 1, Name = "other0" }, Deleted: false))); // it was renamed
        Assert.True(source.Hear(new LinkEvent(new LinkInfo { Index = 9, Name = "kube-lb0" }, Deleted: false)));
        Assert.True(source.Hear(new AddressEvent(new AddressInfo { LinkIndex = 1, Address = IPAddress.Loopback, PrefixLength = 8 }, Deleted: false)));
        Assert.False(source.Hear(new AddressEvent(new AddressInfo { LinkIndex = 2, Address = IPAddress.Loopback, PrefixLength = 8 }, Deleted: false)));
    }

    private SourceAnnouncements Look(KernelSource source)
    {
        source.Hear(new ResyncEvent());
        Assert.True(source.Refresh(_machine));
        return source.Current;
    }

    private void Route(string destination, RouteKind kind = RouteKind.Unicast, uint table = 119, uint metric = 0) =>
        _machine.Add(RouteOf(destination) with { Kind = kind, Table = table, Metric = metric });

    private static RouteInfo RouteOf(string destination) => new() { Destination = IPNetwork.Parse(destination), Table = 119, OutputLink = 1, Protocol = 30 };
}
