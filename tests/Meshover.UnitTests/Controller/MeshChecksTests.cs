using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Api;
using Meshover.Controller.Live;
using Meshover.Controller.State;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using LinkFigure = Meshover.Contract.V1.LinkFigure;
using LinkReason = Meshover.Contract.V1.LinkReason;

namespace Meshover.UnitTests.Controller;

public sealed class MeshChecksTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now + 3600));
    private readonly LiveNodes _live;
    private readonly TestMesh _mesh = new();
    private readonly uint[] _ids;

    public MeshChecksTests()
    {
        _live = new LiveNodes(_time);
        _ids = [.. Enumerable.Range(0, 4).Select(n => _mesh.Enrol($"n{n}").Id)];
        Transit(3);
    }

    [Fact]
    public void WholeMesh_HasNoProblem()
    {
        foreach (var id in _ids)
            Say(id);
        var result = Run();
        Assert.Empty(result.Problems);
        Assert.Equal((4, 0), (result.Nodes, result.Unheard));
    }

    [Fact]
    public void Numbers_ThatTwoHave_AreNamedWithBoth()
    {
        _mesh.Change(draft => draft.Put(StoreKeys.Node(_ids[1]), Record(1) with { Address4 = Record(0).Address4, Asn = Record(0).Asn }));
        Assert.Equal(["duplicate-address", "duplicate-asn", "duplicate-router-id"], Run().Problems.Select(problem => problem.Check));
        Assert.Contains("n0's and n1's", Run().Problems[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Link_ThatOneEndHears_IsOneWayAndSaysWhich()
    {
        Say(_ids[0], (_ids[1], LinkReason.NoAnswer));
        Say(_ids[1]);
        Say(_ids[2]);
        Say(_ids[3]);
        var problem = Assert.Single(Run().Problems);
        Assert.Equal("one-way-link", problem.Check);
        Assert.Equal("n1 hears n0, but n0 does not hear n1: packets are lost on the way to n0.", problem.Text);
    }

    [Fact]
    public void Pair_WithoutALinkOrATransitNode_DoesNotReachEachOther()
    {
        Say(_ids[0], (_ids[1], LinkReason.NoDirectPath));
        Say(_ids[1], (_ids[0], LinkReason.NoDirectPath));
        Say(_ids[2]);
        Say(_ids[3]);
        Assert.Empty(Run().Problems); // n3 carries it

        Say(_ids[1], (_ids[0], LinkReason.NoDirectPath), (_ids[3], LinkReason.NoAnswer));
        Say(_ids[3], (_ids[1], LinkReason.NoAnswer));
        var pairs = Run().Problems.Where(problem => problem.Check == "unreachable-pair").Select(problem => problem.Subject).Order();
        Assert.Equal(["n0 n1", "n1 n3"], pairs);
    }

    [Fact]
    public void Node_ThatIsOff_IsNoPairsFault()
    {
        Say(_ids[0], (_ids[1], LinkReason.NoAnswer));
        Say(_ids[2], (_ids[1], LinkReason.NoAnswer));
        Say(_ids[3], (_ids[1], LinkReason.NoAnswer));
        var result = Run();
        Assert.Empty(result.Problems);
        Assert.Equal(1, result.Unheard);
    }

    [Fact]
    public void VersionsAndClocks_ThatDiffer_AreNamed()
    {
        var session = new NodeSession(_ids[0], "A", "0.0.9", IPAddress.Parse("192.0.2.1"));
        _live.Open(session, ReportedState.Nothing with { Announced = [IPNetwork.Parse("10.64.0.0/24")] });
        var summary = HealthTests.Summary();
        summary.Findings = new FindingCounts { Found = { new FindingCounts.Types.Found { Code = "clock-skew", Count = 1 } } };
        _live.Tell(session, health => HealthMapping.Merge(health, summary, _time.GetUtcNow()));
        Assert.Equal(["announced-not-granted", "version-skew", "clock-skew"], Run().Problems.Select(problem => problem.Check));
    }

    [Fact]
    public void Link_WhoseEndsSayUnlikeThingsOfTheWay_IsNamedWithBoth_AndWhoDoesNotTellIsNoFault()
    {
        Say(_ids[3]);
        SayWays(_ids[0], (_ids[1], 1380, 6), (_ids[2], 1380, 6), (_ids[3], 1380, 6));
        SayWays(_ids[1], (_ids[0], 1372, 6), (_ids[2], 1300, 4)); // finer than an end looks
        SayWays(_ids[2], (_ids[0], 0, 0)); // it does not hear n0; of n1 it says nothing
        Assert.Empty(Run().Problems);
        SayWays(_ids[1], (_ids[0], 1300, 4));
        Assert.Equal(
            [
                ("mtu-asymmetry", "n0 n1", "The link of n0 and n1 has an MTU of 1380 at n0 and of 1300 at n1: large packets may pass one way alone."),
                ("family-asymmetry", "n0 n1", "n0 calls n1 by IPv6, and n1 calls n0 by IPv4: one of these does not work both ways."),
            ], Run().Problems.Select(problem => (problem.Check, problem.Subject, problem.Text)));
    }

    [Fact]
    public void Routes_ThatAKernelDoesNotHave_AreCountedAtTheirNode()
    {
        var summary = HealthTests.Summary();
        summary.Findings = new FindingCounts { Found = { new FindingCounts.Types.Found { Code = "route-not-installed", Count = 3 } } };
        Tell(_ids[2], summary);
        var problem = Assert.Single(Run().Problems);
        Assert.Equal(("rib-kernel", "n2"), (problem.Check, problem.Subject));
        Assert.Contains("3 route(s)", problem.Text, StringComparison.Ordinal);
        Assert.Equal(1, Run().Found["rib-kernel"]);
    }

    [Fact]
    public void Node_ThatIsLost_SaysNothingNow()
    {
        var summary = HealthTests.Summary();
        summary.Findings = new FindingCounts { Found = { new FindingCounts.Types.Found { Code = "route-not-installed", Count = 3 } } };
        var session = Tell(_ids[2], summary);
        Assert.Single(Run().Problems);
        _live.Close(session);
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromMinutes(3); passed += AttentiveClock.Beat)
        {
            _time.Advance(AttentiveClock.Beat);
            _live.Judge();
        }
        Assert.Empty(Run().Problems);
    }

    [Fact]
    public void NameOfAGrant_ThatANodeHas_IsNamed()
    {
        _mesh.Change(draft => draft.Put(StoreKeys.Node(_ids[1]), Record(1) with { Grants = [new StoredGrant("10.9.0.1/32", 32) { Name = "n2" }, new StoredGrant("10.9.0.2/32", 32) { Name = "shop" }] }));
        var problem = Assert.Single(Run().Problems);
        Assert.Equal(("shadowed-name", "n2"), (problem.Check, problem.Subject));
        Assert.Contains("10.9.0.1/32, granted to n1", problem.Text, StringComparison.Ordinal);
    }

    /// <summary>With and without the zone they are one name in DNS.</summary>
    [Theory]
    [InlineData("shop", "shop.mesh")]
    [InlineData("shop.mesh", "shop")]
    public void NameOfAGrant_ThatANodeHasButForTheZone_IsNamed(string node, string name)
    {
        _mesh.Change(draft =>
        {
            draft.Put(StoreKeys.Node(_ids[1]), Record(1) with { Grants = [new StoredGrant("10.9.0.1/32", 32) { Name = name }] });
            draft.Put(StoreKeys.Node(_ids[2]), Record(2) with { HostName = node });
        });
        Assert.Equal(("shadowed-name", name), (Assert.Single(Run().Problems).Check, Run().Problems[0].Subject));
    }

    [Fact]
    public void NodesOfOneNameInDns_AreNamed()
    {
        _mesh.Change(draft => draft.Put(StoreKeys.Node(_ids[1]), Record(1) with { HostName = "n2.mesh" }));
        var problem = Assert.Single(Run().Problems);
        Assert.Equal(("duplicate-name", "n2"), (problem.Check, problem.Subject));
        Assert.Contains("is n2.mesh's and n2's", problem.Text, StringComparison.Ordinal);
    }

    private CheckResult Run() => MeshChecks.Of(_mesh.State, _live.State, _live.Clock.Now, "0.1.0");

    private StoredNode Record(int n) => _mesh.State.Nodes[_ids[n]].Record;

    private void Transit(int n) => _mesh.Change(draft => draft.Put(StoreKeys.Reach(_ids[n]), new ReachRecord { Transit = true }));

    private void SayWays(uint node, params (uint Peer, uint Mtu, uint Family)[] ways)
    {
        var summary = HealthTests.Summary();
        summary.Figures.Add(ways.Select(way => new LinkFigure { NodeId = way.Peer, Mtu = way.Mtu, Family = way.Family }));
        Tell(node, summary);
    }

    private NodeSession Tell(uint node, NodeSummary summary)
    {
        var session = new NodeSession(node, "A", "0.1.0", IPAddress.Parse("192.0.2.1"));
        _live.Open(session, ReportedState.Nothing);
        _live.Tell(session, health => HealthMapping.Merge(health, summary, _time.GetUtcNow()));
        return session;
    }

    private void Say(uint node, params (uint Peer, LinkReason Reason)[] notUp)
    {
        var summary = HealthTests.Summary();
        (summary.Peers, summary.PeersUp) = (3, (uint)(3 - notUp.Length));
        summary.NotUp = new LinkCounts { NoAnswer = (uint)notUp.Length };
        summary.Exceptions = new LinkExceptions { Links = { notUp.Select(link => new LinkExceptions.Types.Link { NodeId = link.Peer, Reason = link.Reason }) } };
        Tell(node, summary);
    }
}
