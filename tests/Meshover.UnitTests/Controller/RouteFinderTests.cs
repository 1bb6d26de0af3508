using System.Net;
using Meshover.Console.UseCases;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Console;
using Meshover.Controller.Console.Ways;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Microsoft.Extensions.Time.Testing;

using GrantWish = Meshover.Controller.Administration.GrantWish;

namespace Meshover.UnitTests.Controller;

/// <summary>What the console says of prefixes and of the ends of paths, by what the controller knows.</summary>
public sealed class RouteFinderTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now + 3600));
    private readonly LiveNodes _live;
    private readonly TestMesh _mesh = new();
    private readonly uint[] _ids;

    public RouteFinderTests()
    {
        _live = new LiveNodes(_time);
        _ids = [.. Enumerable.Range(0, 4).Select(n => _mesh.Enrol($"n{n}").Id)];
    }

    [Fact]
    public void Announcement_IsHeldAgainstItsNodesGrants()
    {
        Grant(0, "10.64.0.0/16", 24);
        Say(0, "10.64.1.0/24", "10.64.2.0/28");
        Say(1, "10.64.0.0/15");
        Grant(1, "10.64.0.0/16", 16);
        Say(2, "10.64.3.0/24");
        var report = RouteFinder.Find(_mesh.State, _live.State, _live.Clock.Now, "10.64.0.0/16");
        Assert.Equal(
            [
                "n0 10.64.1.0/24 Fine It was granted: all others accept it.",
                "n0 10.64.2.0/28 Warning Refused by all others: its grant of 10.64.0.0/16 ends at /24.",
                "n1 10.64.0.0/15 Warning Refused by all others: it was granted 10.64.0.0/16 alone, which is less.",
                "n2 10.64.3.0/24 Warning Refused by all others: it was not granted.",
            ],
            report.Announcements.Select(one => $"{one.Node} {one.Prefix} {one.Health} {one.English}").Order(StringComparer.Ordinal));
        // What is around the prefix comes first.
        Assert.Equal("10.64.0.0/15", report.Announcements[0].Prefix);
        Assert.Equal(["n0", "n1"], report.Holders.Select(holder => holder.Node));
        Assert.Equal(("10.64.0.1", 0, 4), (report.Address, report.NotAsked, report.Takers.Length));
    }

    [Fact]
    public void Node_ThatIsNotHeard_IsNotSaidToBeAccepted()
    {
        Grant(0, "10.64.0.0/24", 24);
        Say(0, "10.64.0.0/24");
        _time.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(Health.Unknown, RouteFinder.Find(_mesh.State, _live.State, _live.Clock.Now + TimeSpan.FromMinutes(3), "10.64.0.7").Announcements.Single().Health);
    }

    [Fact]
    public void DefaultRoute_IsSaidToBeTakenByFewAlone()
    {
        Grant(0, "0.0.0.0/0", 0);
        Say(0, "0.0.0.0/0");
        Assert.Contains("only nodes with accept-default", RouteFinder.Find(_mesh.State, _live.State, _live.Clock.Now, "0.0.0.0/0").Announcements.Single().English, StringComparison.Ordinal);
    }

    [Fact]
    public void Preview_OfAGrantThatGathers_SaysWhoHasThePacketsThen()
    {
        _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.Nodes[_ids[0]].Record, new StoredGrant("203.0.113.0/24", 24) { Gather = true }));
        foreach (var (n, priority) in new[] { (0, 200), (1, 100) })
            _mesh.Change(draft => draft.Put(StoreKeys.Reach(_ids[n]), new ReachRecord { Gathers = new GatherRecord(["203.0.113.0/24"], priority, false) }));
        Assert.Contains("and nobody else does", Removing(), StringComparison.Ordinal);
        var wish = new GrantWish("203.0.113.0/24", 0, Pin: false, Gather: true);
        Assert.Contains(GrantPreviews.OfAdding(_mesh.State, _live.State, "n1", wish).Effects, effect => effect.English.Contains("n1 will gather 203.0.113.0/24 at once", StringComparison.Ordinal));
        Assert.Contains(GrantPreviews.OfAdding(_mesh.State, _live.State, "n2", wish).Effects, effect => effect.English.Contains("it gathers nothing there yet", StringComparison.Ordinal));
        _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.Nodes[_ids[1]].Record, new StoredGrant("203.0.113.0/24", 24) { Gather = true }));
        Assert.Contains("their packets go to n1 from then on", Removing(), StringComparison.Ordinal);

        string Removing() => string.Join(' ', GrantPreviews.OfRemoving(_mesh.State, _live.State, "n0", "203.0.113.0/24").Effects.Select(effect => effect.English));
    }

    [Theory]
    [InlineData("10.64.0.0/33")]
    [InlineData("10.64.0.1/24")]
    [InlineData("web")]
    [InlineData("7")]
    public void Prefix_ThatIsNone_IsRefused(string text) =>
        Assert.Throws<RefusalException>(() => RouteFinder.Find(_mesh.State, _live.State, _live.Clock.Now, text));

    [Fact]
    public void OfALargeMesh_ThoseThatAnnounceAreAskedAndFewOthers()
    {
        for (var n = 4; n < 100; n++)
            _mesh.Enrol($"n{n}");
        Say(3, "10.64.3.0/24");
        var report = RouteFinder.Find(_mesh.State, _live.State, _live.Clock.Now, "10.64.3.0/24");
        Assert.Equal((RouteReport.MostAsked, 100 - RouteReport.MostAsked), (report.Takers.Length, report.NotAsked));
        Assert.Contains("n3", report.Takers);
    }

    [Fact]
    public void End_IsANodeAnAddressOfOneOrBehindTheLongestPrefixAroundIt()
    {
        Say(1, "10.64.0.0/16", "fd64::/64");
        Say(2, "10.64.5.0/24");
        Assert.Equal("n1 fd00:1:: False", Text(PathEnds.Find(_mesh.State, _live.State, "N1", "n2", ipv4: false).From));
        Assert.Equal("n2 10.64.5.9 True", Text(PathEnds.Find(_mesh.State, _live.State, "n0", "10.64.5.9", ipv4: false).To));
        Assert.Equal("n1 10.64.6.9 True", Text(PathEnds.Find(_mesh.State, _live.State, "10.64.6.9", "n0", ipv4: false).From));
        Assert.Equal($"n2 {_mesh.State.Nodes[_ids[2]].Record.Address4} False", Text(PathEnds.Find(_mesh.State, _live.State, "n0", _mesh.State.Nodes[_ids[2]].Record.Address4, ipv4: false).To));
        Assert.Equal(" 192.0.2.99 True", Text(PathEnds.Find(_mesh.State, _live.State, "n0", "192.0.2.99", ipv4: false).To));

        // A name is looked at by the other end's family.
        Assert.Equal(_mesh.State.Nodes[_ids[0]].Record.Address4, $"{PathEnds.Find(_mesh.State, _live.State, "n0", "10.64.5.9", ipv4: false).From.Address}");
        Assert.Throws<RefusalException>(() => PathEnds.Find(_mesh.State, _live.State, "10.64.5.9", "fd64::1", ipv4: false));
        Assert.Throws<RefusalException>(() => PathEnds.Find(_mesh.State, _live.State, "n0", "", ipv4: false));
        Assert.Throws<RefusalException>(() => PathEnds.Find(_mesh.State, _live.State, "n0", "fe80::1%1", ipv4: false));
    }

    // The node's own address by its network alone: its last part is the allocator's matter.
    private static string Text(PathEnd end) => $"{string.Join('+', end.Nodes.Select(node => node.HostName))} {(end.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? "fd00:1::" : $"{end.Address}")} {end.IsBehind}";

    private void Grant(int n, string prefix, int maxLength) =>
        _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.Nodes[_ids[n]].Record, new StoredGrant(prefix, maxLength)));

    private void Say(int n, params string[] announced)
    {
        var session = TestSession.Open(_live, _ids[n], ReportedState.Nothing with { Announced = [.. announced.Select(IPNetwork.Parse)] });
        _live.Tell(session, health => HealthMapping.Merge(health, HealthTests.Summary(), _time.GetUtcNow()));
    }
}
