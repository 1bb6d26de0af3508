using System.Net;
using Meshover.Agent.Announcing;
using Meshover.Agent.Announcing.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Agent.Endpoints;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Agent.Announcing;

public sealed class HostSourceTests : IDisposable
{
    private const ushort Reachable = 2, Stale = 4, Probe = 0x10, Failed = 0x20, Permanent = 0x80;
    private const byte ExternallyLearned = 0x10;
    private static readonly WorkloadNetwork Network = new("vmbr0") { Prefixes = [IPNetwork.Parse("10.70.0.0/16"), IPNetwork.Parse("fd70::/64")], Hosts = true };
    private readonly FakeMachine _machine = new();
    private readonly FakeTimeProvider _time = new();
    private readonly HostSource _source;

    public HostSourceTests()
    {
        _machine.Add("vmbr0", "bridge", LinkFlags.None, "10.70.0.1/16", "fd70::1/64");
        _source = new HostSource(Network, _time);
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Neighbours_ThatLive_AreAnnouncedAsHosts_AndReachedByTheBridgesOwnRoute()
    {
        Neighbour("10.70.0.5", Reachable);
        Neighbour("fd70::5", Stale);
        Neighbour("10.70.0.6", Failed);
        Neighbour("10.71.0.1", Reachable); // not among the prefixes
        Assert.Equal([("10.70.0.5/32", (int?)16), ("fd70::5/128", 64)], Look().Announcements.Select(host => ($"{host.Prefix}", host.ReachedBy)));
    }

    [Fact]
    public void Host_ThatWasThereAtTheStart_YieldsAtOnce_AndANewOneAfterAFewSeconds()
    {
        Neighbour("10.70.0.5", Reachable);
        Assert.True(Yields("10.70.0.5"));
        Neighbour("10.70.0.6", Reachable);
        Assert.False(Yields("10.70.0.6"));
        Assert.False(_source.IsDue);
        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(Yields("10.70.0.6"));
        _time.Advance(TimeSpan.FromSeconds(2.2));
        Assert.True(_source.IsDue);
        Assert.True(Yields("10.70.0.6"));
        Assert.False(_source.IsDue);
    }

    [Fact]
    public void Host_ThatIsSilent_IsProbed_AndGoesWhereItDoesNotAnswer()
    {
        Neighbour("10.70.0.5", Stale);
        Look();
        Assert.Empty(_machine.Asked);
        _time.Advance(TimeSpan.FromSeconds(10.5));
        Assert.True(_source.IsDue);
        Look();
        Assert.Equal(["10.70.0.5"], _machine.Asked);
        Assert.False(_source.IsDue);
        Neighbour("10.70.0.5", Probe);
        Assert.Single(Look().Announcements);
        Neighbour("10.70.0.5", Failed);
        Assert.Empty(Look().Announcements);
    }

    [Fact]
    public void Host_ThatAnotherNodeAnnounces_IsProbedAtOnce_AndNamedWhereItAnswers()
    {
        Neighbour("10.70.0.5", Reachable);
        Look();
        Elsewhere("10.70.0.5");
        Look();
        Assert.Equal(["10.70.0.5"], _machine.Asked);
        Look(); // it answered
        Assert.DoesNotContain("also at another node", _source.Current.Status, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.True(_source.IsDue);
        Assert.Equal("1 prefix; also at another node, which packets go to: 10.70.0.5 (here 02:00:00:00:00:05); give one of the two another address", Look().Status);
        Assert.True(Yields("10.70.0.5"));
        _machine.RemoveRoutes();
        Assert.Equal("1 prefix", Look().Status);
    }

    [Fact]
    public void Host_ThatIsHeardAgainWhileItIsElsewhere_HasComeBack_AndWinsAgain()
    {
        Neighbour("10.70.0.5", Reachable);
        Look();
        Elsewhere("10.70.0.5");
        Look();
        Neighbour("10.70.0.5", Probe);
        Look();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(Yields("10.70.0.5"));
        Neighbour("10.70.0.5", Stale); // a gratuitous ARP
        Assert.False(Yields("10.70.0.5"));
        Assert.Equal(["10.70.0.5"], _machine.Asked);
    }

    [Fact]
    public void Neighbour_OfIpv6ThatFailed_IsDeleted_AsTheKernelWouldNotListenToItAnyMore()
    {
        Neighbour("fd70::5", Failed);
        Neighbour("10.70.0.5", Failed);
        Look();
        Assert.Equal(["-fd70::5"], _machine.Asked);
    }

    [Fact]
    public void Dump_ThatTellsOfAHostTwiceOrNotAtAll_ChangesNothing()
    {
        Neighbour("10.70.0.5", Reachable);
        Neighbour("10.70.0.6", Reachable);
        NeighbourInfo[] whole = [.. _machine.Neighbours];
        _machine.NextDumps.Enqueue([whole[0]]); // the first look of all
        Look();
        _machine.NextDumps.Enqueue([whole[0], whole[0] with { State = Stale }, whole[1]]);
        Look();
        _machine.NextDumps.Enqueue([whole[0]]);
        Assert.True(Yields("10.70.0.6"));
        _machine.NextDumps.Enqueue([whole[0]]);
        _machine.NextDumps.Enqueue([whole[0]]);
        Assert.Single(Look().Announcements);
    }

    [Fact]
    public void Host_OutsideTheBridgesOwnPrefixes_OrLearnedByAnother_IsNotAnnounced()
    {
        var source = new HostSource(Network with { Prefixes = [IPNetwork.Parse("10.0.0.0/8")] }, _time);
        Neighbour("10.70.0.5", Reachable);
        Neighbour("10.71.0.5", Reachable);
        Neighbour("10.70.0.6", Reachable, ExternallyLearned);
        source.Refresh(_machine);
        Assert.Equal(["10.70.0.5/32"], source.Current.Announcements.Select(host => $"{host.Prefix}"));
        Assert.Equal("1 prefix; left out: outside the interface's own prefixes (1)", source.Current.Status);
    }

    [Fact]
    public void Host_ThatIsPermanent_IsNeverProbed_AndNamedWhereAnotherNodeHasIt()
    {
        Neighbour("10.70.0.5", Permanent);
        Look();
        Elsewhere("10.70.0.5");
        Look();
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Contains("also at another node", Look().Status, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(30));
        Look();
        Assert.Empty(_machine.Asked);
        Assert.True(Yields("10.70.0.5"));
    }

    [Fact]
    public void Host_ThatCannotBeProbed_HasNotAnswered_AndThatIsSaid()
    {
        Neighbour("10.70.0.5", Reachable);
        Look();
        Elsewhere("10.70.0.5");
        _machine.ProbeFailure = new NetlinkException("probe neighbour", "10.70.0.5", 1);
        Look();
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.StartsWith("1 prefix; not all can be asked whether they are there: ", Look().Status, StringComparison.Ordinal);
        Assert.DoesNotContain("also at another node", _source.Current.Status, StringComparison.Ordinal);
        Assert.True(Yields("10.70.0.5"));
        _machine.ProbeFailure = null;
        Assert.True(_source.IsDue);
        Look();
        Assert.Equal(["10.70.0.5"], _machine.Asked);
        Assert.Equal("1 prefix; also at another node, which packets go to: 10.70.0.5 (here 02:00:00:00:00:05); give one of the two another address", Look().Status);
    }

    [Fact]
    public void Hosts_OfOneHardwareAddress_AreFreshSixteenTimesAMinute()
    {
        Look();
        for (var i = 1; i <= FreshBudget.Most + 2; i++)
            Neighbour($"10.70.1.{i}", Reachable);
        var found = Look();
        Assert.Equal(FreshBudget.Most, found.Announcements.Count(host => !host.Yields));
        Assert.Equal("18 prefixes; 02:00:00:00:00:05 brought more than 16 addresses within a minute; the others yield to other nodes from the beginning", found.Status);
        _time.Advance(TimeSpan.FromSeconds(61));
        Neighbour("10.70.2.1", Reachable);
        Assert.False(Yields("10.70.2.1"));
        Assert.Equal("19 prefixes", _source.Current.Status);
    }

    [Fact]
    public void Hosts_ThatAreAllSilent_AreProbedAHundredASecond()
    {
        for (var i = 0; i < 250; i++)
            Neighbour($"10.70.3.{i}", Stale);
        Look();
        _time.Advance(TimeSpan.FromSeconds(10.5));
        Look();
        Look();
        Assert.Equal(100, _machine.Asked.Count);
        Assert.True(_source.IsDue);
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Look();
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Look();
        Assert.Equal(250, _machine.Asked.Distinct().Count());
        Assert.False(_source.IsDue);
    }

    [Fact]
    public void Host_ThatIsFresh_SettlesAlthoughTheKernelDoesNotTell()
    {
        Look();
        Neighbour("10.70.0.5", Reachable);
        Assert.False(Yields("10.70.0.5"));
        _time.Advance(TimeSpan.FromSeconds(4.1));
        _machine.Failure = new NetlinkException("list routes", "", 105);
        _source.Hear(new ResyncEvent());
        Assert.False(_source.Refresh(_machine));
        Assert.True(Assert.Single(_source.Current.Announcements).Yields);
    }

    [Fact]
    public void Bridge_ThatIsGone_TakesItsHostsAlong()
    {
        Neighbour("10.70.0.5", Reachable);
        Look();
        _machine.Remove("vmbr0");
        Assert.Equal(("there is no interface of that name; nothing is announced until it comes", 0), (Look().Status, _source.Current.Announcements.Length));
    }

    [Fact]
    public void Bridge_WithoutHosts_IsAnnouncedByItsPrefixesWhileItIsUp()
    {
        var source = new BridgeSource(Network with { Hosts = false });
        source.Refresh(_machine);
        Assert.Equal(Network.Prefixes, source.Current.Announcements.Select(announcement => announcement.Prefix));
        _machine.Cut("vmbr0", flags: null);
        source.Hear(new ResyncEvent());
        source.Refresh(_machine);
        Assert.Equal("the interface is down; nothing is announced until it is up", source.Current.Status);
    }

    private SourceAnnouncements Look()
    {
        _source.Hear(new ResyncEvent());
        Assert.True(_source.Refresh(_machine));
        return _source.Current;
    }

    private bool Yields(string address) => Look().Announcements.Single(host => $"{host.Prefix.BaseAddress}" == address).Yields;

    private void Neighbour(string address, ushort state, byte flags = 0)
    {
        _machine.Neighbours.RemoveAll(neighbour => $"{neighbour.Address}" == address);
        _machine.Neighbours.Add(new NeighbourInfo { LinkIndex = 1, Address = IPAddress.Parse(address), HardwareAddress = [2, 0, 0, 0, 0, 5], State = state, Flags = flags });
    }

    private void Elsewhere(string address) =>
        _machine.Add(new RouteInfo { Destination = new IPNetwork(IPAddress.Parse(address), 32), OutputLink = 8, Protocol = RouteProtocols.Bgp });
}
