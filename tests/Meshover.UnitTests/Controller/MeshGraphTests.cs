using System.Net;
using System.Text;
using System.Text.Json;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Graphs;
using Meshover.Controller.Live;
using Meshover.Controller.Scraping;
using Meshover.Controller.State;
using Meshover.UnitTests.Metrics;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using LinkReason = Meshover.Contract.V1.LinkReason;


namespace Meshover.UnitTests.Controller;

/// <summary>The mesh as a graph and as metrics, in meshes of any size.</summary>
public sealed class MeshGraphTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now + 3600));
    private readonly LiveNodes _live;
    private readonly TestMesh _mesh = new();
    private uint[] _ids = [];

    public MeshGraphTests() => _live = new LiveNodes(_time);

    [Fact]
    public void SmallMesh_HasEachLinkOnce_AndWhatOneEndSaysIsEnough()
    {
        Enrol(4);
        Say(_ids[0], (_ids[1], LinkReason.NoAnswer));
        Say(_ids[2], (_ids[3], LinkReason.NoDirectPath));
        var graph = Graph();
        Assert.Equal((4, 6), (graph.Nodes.Length, graph.Edges.Length));
        AssertWhole(graph);
        Assert.Equal("no answer", Edge(graph, 0, 1).State);
        Assert.Equal("no direct path", Edge(graph, 2, 3).State);
        Assert.Equal("up", Edge(graph, 0, 2).State); // said by both
        Assert.Equal("unknown", Edge(graph, 1, 3).State); // neither was heard
        Assert.Equal(("unknown", 0.0, 1.0), (graph.Nodes[1].State, graph.Nodes[1].Links.Arcs().NotUp, graph.Nodes[1].Links.Arcs().Unknown));
        Assert.Equal(2.0 / 3, graph.Nodes[0].Links.Arcs().Up, 9);
    }

    [Fact]
    public void NodeThatIsLost_SaysNothingOfLinksAnyMore_AndItsPeersDo()
    {
        Enrol(3);
        Say(_ids[0]);
        Say(_ids[1]);
        for (var second = 0; second < 120; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            if (second % 30 == 0)
                Say(_ids[0]);
            _ = _live.Clock.Now;
        }
        var graph = Graph();
        Assert.Equal(["ok", "lost", "unknown"], graph.Nodes.Select(node => node.State));
        Assert.Equal(["up", "up", "unknown"], new[] { Edge(graph, 0, 1), Edge(graph, 0, 2), Edge(graph, 1, 2) }.Select(edge => edge.State));
    }

    [Fact]
    public void Newcomer_IsNotUpBySilenceOfThoseWhoDoNotKnowItYet()
    {
        Enrol(2);
        Say(_ids[0]);
        var late = _mesh.Enrol("late", now: TestMesh.Now + 3600);
        Assert.Equal("unknown", Graph().Edges.Single(edge => edge.Target == late.Id.ToString() && edge.Source == _ids[0].ToString()).State);
        _time.Advance(TimeSpan.FromSeconds(30));
        Say(_ids[0]);
        Assert.Equal("up", Graph().Edges.Single(edge => edge.Target == late.Id.ToString() && edge.Source == _ids[0].ToString()).State);
    }

    [Fact]
    public void MeshOfTwoHundred_DrawsTransitNodesLinks_AndWhatIsNotUp()
    {
        Enrol(200, transits: 3);
        foreach (var id in _ids)
            Say(id, id == _ids[100] ? [(_ids[101], LinkReason.NoSession)] : []);
        var graph = Graph();
        Assert.Equal((200, (3 * 197) + 3 + 1), (graph.Nodes.Length, graph.Edges.Length));
        Assert.Equal("no BGP session", graph.Edges[0].State);
        AssertWhole(graph);
    }

    [Fact]
    public void LargerMesh_IsGroupedBySite_AndItsLinksAreCounted()
    {
        Enrol(300, site: n => $"site-{n % 3}");
        foreach (var id in _ids.Take(299))
            Say(id, id == _ids[0] ? [(_ids[1], LinkReason.NoAnswer), (_ids[3], LinkReason.NoAnswer)] : []);
        var graph = Graph();
        Assert.Equal((3, 3), (graph.Nodes.Length, graph.Edges.Length));
        AssertWhole(graph);
        var edge = graph.Edges.Single(edge => edge is { Source: "group:site-0", Target: "group:site-1" });
        Assert.Equal((9_999L, 1L, 0L, "1 of 10000 not up"), (edge.Links.Up, edge.Links.NotUp, edge.Links.Unknown, edge.State));
        Assert.Equal("1 unknown", graph.Nodes.Single(node => node.Title == "site-2").State);
        Assert.Equal("100 nodes", graph.Nodes[0].Subtitle);
    }

    [Fact]
    public void LargerMesh_OfAControllerThatHasJustStarted_SaysWhatWasKnownOfItsGroups()
    {
        Enrol(250, site: n => $"site-{n % 2}");
        _live.Recall(_ids.Select((id, n) => KeyValuePair.Create(id, new LiveNode { IsRecalled = true, Judged = new Judgement(n < 10 ? NodeState.Degraded : NodeState.Ok, _time.GetUtcNow()) })));
        Assert.All(Graph().Nodes, node => Assert.Equal("125 unknown, 120 were ok", node.State));
        Say(_ids[0]);
        Assert.Equal(["124 unknown, 120 were ok", "125 unknown, 120 were ok"], Graph().Nodes.Select(node => node.State));
    }

    [Fact]
    public void LargeMesh_OfWhichNobodyWasHeard_IsUnknownAndNothingElse()
    {
        Enrol(250, site: n => $"site-{n % 2}");
        var graph = Graph();
        Assert.Equal((0L, 0L, 15_625L), (graph.Edges[0].Links.Up, graph.Edges[0].Links.NotUp, graph.Edges[0].Links.Unknown));
        Assert.All(graph.Nodes, node => Assert.Equal(1, node.Links.Arcs().Unknown));
    }

    [Fact]
    public void Mesh_WhereEachNodeHasASiteOfItsOwn_HasSoManyGroupsThatTheEdgesBetweenThemAreNotTooMany()
    {
        Enrol(300, site: n => $"site-{n}");
        var graph = Graph();
        Assert.Equal((89, 3916), (graph.Nodes.Length, graph.Edges.Length));
        Assert.InRange(graph.Edges.Length, 1, MeshGraph.MostEdges);
        AssertWhole(graph);
        Assert.Equal("212 nodes", graph.Nodes.Single(node => node.Title == "(others)").Subtitle);
    }

    [Fact]
    public void Data_IsTheFormatOfTheDataSource()
    {
        Enrol(3, site: n => n == 0 ? "\"東京\"" : "");
        Say(_ids[0], (_ids[1], LinkReason.NoSession));
        using var fields = JsonDocument.Parse(GraphJson.Fields());
        using var data = JsonDocument.Parse(GraphJson.Data(Graph(), _time.GetUtcNow()));
        foreach (var (rows, names) in new[] { ("nodes", "nodes_fields"), ("edges", "edges_fields") })
        {
            var types = fields.RootElement.GetProperty(names).EnumerateArray()
                .ToDictionary(field => field.GetProperty("field_name").GetString()!, field => field.GetProperty("type").GetString());
            Assert.All(data.RootElement.GetProperty(rows).EnumerateArray(), row =>
            {
                Assert.Equal(types.Keys, row.EnumerateObject().Select(member => member.Name));
                Assert.All(row.EnumerateObject(), member => Assert.Equal(types[member.Name] == "number" ? JsonValueKind.Number : JsonValueKind.String, member.Value.ValueKind));
            });
        }
        Assert.All(data.RootElement.GetProperty("nodes").EnumerateArray(), node =>
            Assert.Equal(1, node.EnumerateObject().Where(member => member.Name.StartsWith("arc__", StringComparison.Ordinal)).Sum(member => member.Value.GetDouble()), 9));
    }

    [Fact]
    public void Page_TellsStates_AndLeavesOutWhatIsNotKnown()
    {
        Enrol(3);
        Say(_ids[0], (_ids[1], LinkReason.NoSession));
        _live.Tell(Open(_ids[1]), _ => HealthMapping.Merge(null, new NodeSummary { Peers = 2, PeersUp = 1 }, _time.GetUtcNow()));
        var page = Page();
        var scraped = Scrape.Parse(page);
        Assert.Equal((1, 0, 2, 0, 0), (scraped["meshover_nodes{state=\"ok\"}"], scraped["meshover_nodes{state=\"lost\"}"], scraped["meshover_nodes{state=\"unknown\"}"],
            scraped["meshover_nodes{state=\"degraded\"}"], scraped["meshover_nodes{state=\"starting\"}"]));
        Assert.Equal((4, 1, 1, 2), (scraped["meshover_node_state{node=\"n0\"}"], scraped["meshover_node_peers_up{node=\"n0\"}"],
            scraped["meshover_node_peers_not_up{node=\"n0\"}"], scraped["meshover_node_peers{node=\"n1\"}"]));
        Assert.Equal((1, 1), (scraped["meshover_node_peers_heard{node=\"n0\"}"], scraped["meshover_node_peers_heard{node=\"n1\"}"]));
        Assert.All(new[] { "meshover_node_peers_up{node=\"n1\"}", "meshover_node_prefixes_refused{node=\"n1\"}", "meshover_node_peers{node=\"n2\"}", "meshover_node_summary_age_seconds{node=\"n2\"}" },
            absent => Assert.DoesNotContain(absent, scraped.Keys));
        Assert.Equal(0, scraped[$"graph_meshover_nodes_bgp_edges{{id=\"{_ids[0]}-{_ids[1]}\",source=\"{_ids[0]}\",target=\"{_ids[1]}\"}}"]);
        Assert.Equal(double.NaN, scraped[$"graph_meshover_nodes_bgp_edges{{id=\"{_ids[1]}-{_ids[2]}\",source=\"{_ids[1]}\",target=\"{_ids[2]}\"}}"]);
        var known = ControllerMetrics.All.Select(metric => metric.Name).ToHashSet();
        Assert.All(Scrape.Names(page), name => Assert.Contains(name, known));
        Assert.DoesNotContain("\"down\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_Of3000Nodes_OfWhichAThousandAreOff_HasABoundedNumberOfSeries()
    {
        Enrol(3000, site: n => $"site-{n % 40}");
        SayThatTheLastAreOff(1000);
        using var meters = new MeterReader();
        Assert.InRange(ControllerPage.Build(Sight(), meters).Series, 1, (3000 * 19) + 4_300);
    }

    [Fact]
    public void LargeMesh_OfWhichAThousandAreOff_TellsWhichLinksAreUp_ThoughNobodyListsAll()
    {
        Enrol(3000, site: n => n < 1500 ? "a" : n < 2000 ? "b" : "off");
        SayThatTheLastAreOff(1000);
        var graph = Graph();
        AssertWhole(graph);
        Assert.Equal(new LinkShares(1500 * 500, 0, 0, 0), Edge(graph, "a", "b").Links);
        Assert.Equal(new LinkShares(0, 0, 1500 * 1000, 0), Edge(graph, "a", "off").Links);
        Assert.Equal((1.0, 0.0), (Edge(graph, "a", "b").Links.UpShare, Edge(graph, "b", "off").Links.UpShare));

        // One more than are off is not up: with whom, nobody says.
        var more = OffSummary(1000);
        (more.NotUp.NoAnswer, more.Exceptions.Unlisted) = (1001, 937);
        _live.Tell(Open(_ids[0]), health => HealthMapping.Merge(health, more, _time.GetUtcNow()));
        Assert.Equal(new LinkShares(1500 * 500, 0, 0, 0), Edge(Graph(), "a", "b").Links); // the others say that they have no other

        // One of those that are off is up with it: with which, nobody says.
        var less = OffSummary(1000);
        (less.NotUp.NoAnswer, less.Exceptions.Unlisted) = (999, 935);
        _live.Tell(Open(_ids[1]), health => HealthMapping.Merge(health, less, _time.GetUtcNow()));
        Assert.Equal(new LinkShares(0, 0, (1500 * 1000) - 936, 936), Edge(Graph(), "a", "off").Links);
    }

    [Fact]
    public void LargeMesh_WhoseNodesHaveMoreLinksNotUpThanAreOff_SaysThatItDoesNotKnow()
    {
        Enrol(300, site: n => n < 150 ? "a" : "b");
        foreach (var id in _ids)
        {
            var summary = Summary([]);
            (summary.NotUp.NoAnswer, summary.Exceptions.Unlisted) = (100, 100);
            _live.Tell(Open(id), health => HealthMapping.Merge(health, summary, _time.GetUtcNow()));
        }
        Assert.Equal(new LinkShares(0, 0, 0, 150 * 150), Edge(Graph(), "a", "b").Links);
    }

    [Fact]
    public void MeshOfTwoHundred_OfWhichAHundredAreOff_DrawsTheLinksOfTransitNodesAsTheyAre()
    {
        Enrol(200, transits: 1);
        SayThatTheLastAreOff(100);
        var graph = Graph();
        AssertWhole(graph);
        Assert.Equal("up", Edge(graph, 0, 1).State);
        Assert.Equal("not up", Edge(graph, 0, 199).State);
    }

    private void SayThatTheLastAreOff(int off)
    {
        foreach (var id in _ids.SkipLast(off))
            _live.Tell(Open(id), health => HealthMapping.Merge(health, OffSummary(off), _time.GetUtcNow()));
    }

    private NodeSummary OffSummary(int off)
    {
        var summary = Summary([.. _ids.TakeLast(off).Take(64).Select(id => (id, LinkReason.NoAnswer))]);
        (summary.NotUp.NoAnswer, summary.Exceptions.Unlisted) = ((uint)off, (uint)off - 64);
        return summary;
    }

    private static GraphEdge Edge(MeshGraph graph, string a, string b) => Between(graph, $"group:{a}", $"group:{b}");

    private static GraphEdge Between(MeshGraph graph, string a, string b) => graph.Edges.Single(edge => (edge.Source, edge.Target) == (a, b) || (edge.Source, edge.Target) == (b, a));

    private static void AssertWhole(MeshGraph graph)
    {
        var ids = graph.Nodes.Select(node => node.Id).ToHashSet();
        Assert.Equal(graph.Nodes.Length, ids.Count);
        Assert.Equal(graph.Edges.Length, graph.Edges.Select(edge => edge.Id).Distinct().Count());
        Assert.All(graph.Edges, edge => Assert.True(ids.Contains(edge.Source) && ids.Contains(edge.Target) && edge.Source != edge.Target));
        Assert.All(graph.Nodes, node =>
        {
            var (up, indirect, notUp, unknown) = node.Links.Arcs();
            Assert.Equal(1, up + indirect + notUp + unknown, 9);
            Assert.All(new[] { up, indirect, notUp, unknown }, arc => Assert.InRange(arc, 0, 1));
        });
    }

    private GraphEdge Edge(MeshGraph graph, int a, int b) => Between(graph, _ids[a].ToString(), _ids[b].ToString());

    private MeshGraph Graph() => MeshGraph.Of(_mesh.State, _live.State, _live.Clock.Now);

    private Sight Sight() => new(_mesh.State, _live.State, _live.Clock.Now, _time.GetUtcNow(), TimeSpan.Zero, 4096);

    private string Page()
    {
        using var meters = new MeterReader();
        return Encoding.UTF8.GetString(ControllerPage.Build(Sight(), meters).Written.Span);
    }

    private void Enrol(int nodes, int transits = 0, Func<int, string>? site = null)
    {
        _ids = [.. Enumerable.Range(0, nodes).Select(n => _mesh.Enrol($"n{n}").Id)];
        _mesh.Change(draft =>
        {
            for (var n = 0; n < nodes; n++)
                draft.Put(StoreKeys.Reach(_ids[n]), new ReachRecord { Transit = n < transits, Site = site?.Invoke(n) ?? "" });
        });
    }

    private void Say(uint node, params (uint Peer, LinkReason Reason)[] notUp) =>
        _live.Tell(Open(node), health => HealthMapping.Merge(health, Summary(notUp), _time.GetUtcNow()));

    private NodeSession Open(uint node)
    {
        var session = new NodeSession(node, "A", "0.1.0", IPAddress.Parse("192.0.2.1"));
        _live.Open(session, Meshover.Controller.Live.ReportedState.Nothing);
        return session;
    }

    private NodeSummary Summary((uint Peer, LinkReason Reason)[] notUp)
    {
        var summary = HealthTests.Summary();
        (summary.Peers, summary.PeersUp) = ((uint)_ids.Length - 1, (uint)(_ids.Length - 1 - notUp.Length));
        summary.NotUp = new LinkCounts
        {
            NoAnswer = (uint)notUp.Count(link => link.Reason == LinkReason.NoAnswer),
            NoSession = (uint)notUp.Count(link => link.Reason == LinkReason.NoSession),
            NoDirectPath = (uint)notUp.Count(link => link.Reason == LinkReason.NoDirectPath),
        };
        summary.Exceptions = new LinkExceptions { Links = { notUp.Select(link => new LinkExceptions.Types.Link { NodeId = link.Peer, Reason = link.Reason }) } };
        return summary;
    }
}
