using System.Net;
using Meshover.Controller.Api;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Map;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class ReachPlannerTests
{
    private readonly MeshRecord _mesh = new TestMesh().State.Mesh;

    [Fact]
    public void Endpoints_AreV6First_ThenByWhoSaysSo_EachOnce()
    {
        var reach = Plan([Own("192.0.2.5"), Own("2001:db8::5")], "192.0.2.5", ["2001:db8::5 12912", "203.0.113.1 4000", "203.0.113.1 4000"]);
        Assert.Equal(["2001:db8::5 12912 Interface", "192.0.2.5 12912 Interface", "203.0.113.1 4000 SeenByPeer"], Text(reach));
    }

    [Fact]
    public void Endpoints_OfTheMeshItself_AreNone()
    {
        var reach = Plan([Own("10.249.0.7"), Own("198.18.0.7"), Own("fd00:1::7"), Own("127.0.0.1"), Own("fe80::7"), Own("192.0.2.5")], "10.249.0.7", ["198.18.0.7 1"]);
        Assert.Equal(["192.0.2.5 12912 Interface"], Text(reach));
    }

    [Fact]
    public void Endpoints_ThatAreNoMachines_AreNone()
    {
        var reach = Plan([Own("0.0.0.0"), Own("::"), Own("224.0.0.1"), Own("255.255.255.255"), Own("ff02::1"), Own("192.0.2.5")], null, []);
        Assert.Equal(["192.0.2.5 12912 Interface"], Text(reach));
    }

    [Fact]
    public void Endpoints_InsideTheNodesOwnGrants_AreItsWorkloads_UnlessTheGrantCoversAll()
    {
        var grants = new[] { new StoredGrant("10.64.1.0/24", 24) };
        Assert.Equal(["192.0.2.5 12912 Interface"], Text(Plan([Own("10.64.1.1"), Own("192.0.2.5")], null, [], grants)));
        Assert.Equal(["10.64.1.1 12912 Interface"], Text(Plan([Own("10.64.1.1")], null, [], grants)));
    }

    [Fact]
    public void Endpoints_SeenByPeers_AreFew()
    {
        var seen = Enumerable.Range(1, 50).Select(port => $"203.0.113.1 {port}").ToArray();
        Assert.Equal(4, Plan([], null, [.. seen, .. seen]).Endpoints.Length);
    }

    [Fact]
    public void Endpoints_SeenByPeers_AreThoseThatMostSee()
    {
        string[] seen = [.. Enumerable.Range(1, 50).Select(port => $"203.0.113.1 {port}"), "203.0.113.9 9", "203.0.113.9 9"];
        Assert.Equal("203.0.113.9 9 SeenByPeer", Text(Plan([], null, seen)).First());
    }

    [Fact]
    public void Endpoints_SeenByOnePeerAlone_AreNone() =>
        Assert.Empty(Text(Plan([], null, [.. Enumerable.Range(1, 50).Select(port => $"203.0.113.1 {port}")])));

    [Fact]
    public void Endpoints_SeenByPeers_StayWhereTheyStand_WhileAnybodySeesThem()
    {
        string[] both = ["203.0.113.1 2", "203.0.113.1 2", "203.0.113.1 1", "203.0.113.1 1"];
        var first = Plan([], null, ["203.0.113.1 2", "203.0.113.1 2"]);
        var second = Plan([], null, both, known: first);
        Assert.Equal(["203.0.113.1 2 SeenByPeer", "203.0.113.1 1 SeenByPeer"], Text(second));
        Assert.Equal(second, Plan([], null, ["203.0.113.1 1", "203.0.113.1 1", "203.0.113.1 1", "203.0.113.1 2"], known: second));
        Assert.Equal(["203.0.113.1 1 SeenByPeer"], Text(Plan([], null, ["203.0.113.1 1"], known: second)));
    }

    [Fact]
    public void Endpoints_SeenByOnePeerStill_MakeRoomForWhatTwoSee()
    {
        string[] four = [.. Enumerable.Range(1, 4).Select(port => $"203.0.113.1 {port}")];
        var known = Plan([], null, [.. four, .. four]);
        var next = Plan([], null, [.. four, "203.0.113.1 3", "203.0.113.9 9", "203.0.113.9 9"], known: known);
        Assert.Equal(["203.0.113.1 1", "203.0.113.1 2", "203.0.113.1 3", "203.0.113.9 9"], Text(next).Select(text => text[..^11]));
    }

    [Fact]
    public void StillTold_IsWhatTheMapHas_BesideWhatIsSeen()
    {
        var known = Plan([], null, ["203.0.113.1 1", "203.0.113.1 1", "203.0.113.1 2", "203.0.113.1 2"]);
        var seen = SeenEndpoints.StillTold([new SeenPlace(EndPoint(["203.0.113.1", "2"]), 5)], known.Endpoints);
        Assert.Equal(["203.0.113.1:2 5", "203.0.113.1:1 1"], seen.Select(place => $"{place.EndPoint} {place.Peers}"));
    }

    [Theory]
    [InlineData("2001:db8::a", "2001:db8::7e3f", "2001:db8::7e3f", false)] // a temporary address
    [InlineData("fd00:9::a", "fd00:9::7e3f", "fd00:9::7e3f", false)]
    [InlineData("192.168.1.5", "", "203.0.113.1", true)]
    [InlineData("192.168.1.5", "192.168.7.1", "203.0.113.1", true)]
    [InlineData("192.168.1.5", "192.168.7.1", "192.168.7.1", false)] // another uplink
    [InlineData("192.0.2.5", "", "10.0.0.9", false)] // a proxy before the controller
    [InlineData("192.0.2.5", "", "198.51.100.9", false)] // a load balancer, or the NAT of another uplink
    [InlineData("192.168.1.5 2001:db8::a", "", "203.0.113.1", false)] // its IPv6 needs no NAT
    [InlineData("192.168.1.5 fd00:9::a", "", "203.0.113.1", true)]
    [InlineData("100.64.3.4", "", "203.0.113.1", true)]
    public void BehindNat_IsJudgedByWhatCanBeTrue(string offered, string others, string source, bool isBehindNat)
    {
        var reach = Plan([.. offered.Split(' ').Select(Own)], source, [], others: others);
        Assert.Equal(isBehindNat, reach.BehindNat);
    }

    [Theory]
    [InlineData("2001:db8::a", "2001:db8::7e3f", "2001:db8::7e3f", "2001:db8::a")] // made to be forgotten
    [InlineData("192.0.2.5", "", "198.51.100.9", "192.0.2.5")] // nobody would answer there
    [InlineData("192.168.1.5", "", "203.0.113.1", "192.168.1.5 203.0.113.1")]
    public void Endpoints_SeenByTheController_AreThoseThatMayBePlacesOfTheNode(string offered, string others, string source, string expected) =>
        Assert.Equal(expected, string.Join(' ', Plan([Own(offered)], source, [], others: others).Endpoints.Select(endpoint => endpoint.Address)));

    [Fact]
    public void BehindNat_IsWhoIsSeenFromAnAddressThatItDoesNotHave()
    {
        Assert.True(Plan([Own("192.168.1.5")], "203.0.113.1", []).BehindNat);
        Assert.False(Plan([Own("203.0.113.1")], "203.0.113.1", []).BehindNat);
        Assert.False(Plan([Own("192.168.1.5"), new EndpointRecord("203.0.113.1", 12912, (int)EndpointSource.Configured)], "203.0.113.1", []).BehindNat);
    }

    [Fact]
    public void BehindNat_WhereNothingTells_StaysAsItWas()
    {
        var known = new ReachRecord { BehindNat = true };
        Assert.True(Plan([Own("192.168.1.5")], null, [], known: known).BehindNat);
        Assert.True(Plan([Own("192.168.1.5")], "10.249.0.9", [], known: known).BehindNat); // its stream came through the mesh
    }

    [Fact]
    public void UnderlayMtu_IsTheNodesOwnWord_AndKeptFromAnOlderAgent()
    {
        var known = ReachRecord.Unknown with { UnderlayMtu = 9000 };
        Assert.Equal(1492, Told(StatusMapping.Merge(ReportedState.Nothing, new Meshover.Contract.V1.NodeStatus { UnderlayMtu = 1492 }, (_, _) => true)).UnderlayMtu);
        Assert.Equal(9000, Told(StatusMapping.Merge(ReportedState.Nothing, new Meshover.Contract.V1.NodeStatus(), (_, _) => true)).UnderlayMtu);
        Assert.NotEqual(known, known with { UnderlayMtu = 1500 });

        ReachRecord Told(ReportedState report) => ReachPlanner.Plan(_mesh, [], report, new SeenSource(null), [], known);
    }

    [Fact]
    public void Gathers_AreTheNodesOwnWord_StayUntilItSaysAnother_AndGoToEverybody()
    {
        var claims = new Meshover.Contract.V1.GatherClaims { Prefixes = { "203.0.113.0/24", "2001:db8:77::/48" }, Priority = 200 };
        var report = StatusMapping.Merge(ReportedState.Nothing, new Meshover.Contract.V1.NodeStatus { Gathers = claims }, (_, _) => true);
        report = StatusMapping.Merge(report, new Meshover.Contract.V1.NodeStatus { Site = "tokyo" }, (_, _) => true);
        var told = Told(report);
        Assert.Equal(new GatherRecord(["203.0.113.0/24", "2001:db8:77::/48"], 200, Failing: false), told.Gathers);
        Assert.Equal(told, Told(report)); // no change of the map
        Assert.NotEqual(told, told with { Gathers = told.Gathers! with { Failing = true } });
        Assert.Equal(told, RecordJson.Read(StoreKeys.Reach(1), RecordJson.Write(told)));

        var none = StatusMapping.Merge(report, new Meshover.Contract.V1.NodeStatus { Gathers = new() }, (_, _) => true);
        Assert.Null(Told(none).Gathers);

        ReachRecord Told(ReportedState said) => ReachPlanner.Plan(_mesh, [], said, new SeenSource(null), [], ReachRecord.Unknown);
    }

    [Theory]
    [InlineData("0.0.0.0/0", 100, "status.gathers.prefixes")]
    [InlineData("203.0.113.1/24", 100, "status.gathers.prefixes")]
    [InlineData("203.0.113.0/24", 0, "status.gathers.priority")]
    [InlineData("203.0.113.0/24", 256, "status.gathers.priority")]
    public void Gathers_ThatNoNodeCouldMean_AreRefused(string prefix, uint priority, string field)
    {
        var status = new Meshover.Contract.V1.NodeStatus { Gathers = new() { Prefixes = { prefix }, Priority = priority } };
        Assert.Contains(field, Assert.Throws<InvalidRequestException>(() => StatusValidator.Check(status)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InstanceHistory_TellsARestartFromACopy()
    {
        var history = InstanceHistory.None;
        Assert.False(ComesBack("A"));
        Assert.False(ComesBack("A")); // a reconnect
        Assert.False(ComesBack("B")); // a restart
        Assert.True(ComesBack("A")); // two agents
        Assert.True(ComesBack("B"));

        bool ComesBack(string instance)
        {
            history = history.Arrive(instance, out var cameBack);
            return cameBack;
        }
    }

    [Fact]
    public void NotGranted_IsWhatNoGrantCovers_BesideTheNodesOwnAddresses()
    {
        var mesh = new TestMesh();
        var node = mesh.Enrol("a") with { Grants = [new StoredGrant("10.64.0.0/16", 24)] };
        var report = ReportedState.Nothing with
        {
            Announced =
            [
                IPNetwork.Parse($"{node.Address4}/32"), IPNetwork.Parse("10.64.1.0/24"), IPNetwork.Parse("10.64.1.0/25"), IPNetwork.Parse("10.65.0.0/24"),
            ],
        };
        Assert.Equal(["10.64.1.0/25", "10.65.0.0/24"], Announcements.NotGranted(node, report).Select(prefix => prefix.ToString()));
    }

    private ReachRecord Plan(
        EndpointRecord[] own, string? source, string[] seen, StoredGrant[]? grants = null, ReachRecord? known = null, string others = "") =>
        ReachPlanner.Plan(_mesh, [.. grants ?? []], ReportedState.Nothing with
        {
            Endpoints = [.. own],
            ListenPort = 12912,
            OtherAddresses = [.. others.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)],
        },
            new SeenSource(source is null ? null : IPAddress.Parse(source)),
            seen.CountBy(text => text).Select(place => new SeenPlace(EndPoint(place.Key.Split(' ')), place.Value)), known ?? ReachRecord.Unknown);

    private static IPEndPoint EndPoint(string[] parts) => new(IPAddress.Parse(parts[0]), int.Parse(parts[1]));

    private static EndpointRecord Own(string address) => new(address, 12912, (int)EndpointSource.Interface);

    private static IEnumerable<string> Text(ReachRecord reach) =>
        reach.Endpoints.Select(endpoint => $"{endpoint.Address} {endpoint.Port} {(EndpointSource)endpoint.Kind}");
}
