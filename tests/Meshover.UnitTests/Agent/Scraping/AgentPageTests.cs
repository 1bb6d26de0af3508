using System.Collections.Immutable;
using System.Net;
using System.Text;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Agent.Reporting;
using Meshover.Agent.Scraping;
using Meshover.Agent.Trust;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;
using Meshover.UnitTests.Agent.Reporting;
using Meshover.UnitTests.Metrics;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Agent.Scraping;

public sealed class AgentPageTests
{
    private static readonly NodeIdentity Identity = IdentityFactory.Create("n1", new FakeTimeProvider());

    [Fact]
    public void Page_OfASmallMesh_TellsOfEachPeer()
    {
        var page = Scrape.Parse(Page(SummariserTests.Mesh(4, silent: [2], withoutSession: [3]), PeerDetail.Auto));
        Assert.Equal((3, 1, 1, 1, 0), (page["meshover_peers"], page["meshover_peers_up"], page["meshover_peers_not_up{reason=\"no-answer\"}"],
            page["meshover_peers_not_up{reason=\"no-session\"}"], page["meshover_peers_not_up{reason=\"no-direct-path\"}"]));
        Assert.Equal((0, 0, 1), (page["meshover_peer_up{peer=\"n2\"}"], page["meshover_peer_up{peer=\"n3\"}"], page["meshover_peer_up{peer=\"n4\"}"]));
        Assert.Equal(0.0015, page["meshover_peer_rtt_seconds{peer=\"n4\"}"], 9);
        Assert.DoesNotContain("meshover_peer_rtt_seconds{peer=\"n2\"}", page.Keys);
        Assert.Equal((40, 40), (page["meshover_peer_link_cost{peer=\"n2\"}"], page["meshover_peer_link_cost{peer=\"n4\"}"]));
        Assert.Equal((30, 0), (page["meshover_receive_bytes_total"], page["meshover_dropped_packets_total{reason=\"malformed-packet\"}"]));
        Assert.Equal((1, 0), (page["meshover_component_state{component=\"kernel\",state=\"ok\"}"], page["meshover_component_state{component=\"kernel\",state=\"failed\"}"]));
    }

    [Fact]
    public void Page_OfFindings_CountsEachCode()
    {
        var state = SummariserTests.Mesh(4) with
        {
            Findings = [new(FindingKinds.PeerOff, "n2"), new(FindingKinds.PeerOff, "n3"), new(FindingKinds.DiskFull, "")],
        };
        var page = Scrape.Parse(Page(state, PeerDetail.Auto));
        Assert.Equal((2, 1), (page["meshover_findings{code=\"peer-off\",severity=\"notice\"}"], page["meshover_findings{code=\"disk-full\",severity=\"fault\"}"]));
        Assert.DoesNotContain(Scrape.Parse(Page(SummariserTests.Mesh(4), PeerDetail.Auto)).Keys, key => key.StartsWith("meshover_findings", StringComparison.Ordinal));
    }

    [Fact]
    public void Page_WhileTheDataPlaneSaysNothing_CallsNoLinkDown()
    {
        var page = Scrape.Parse(Page(SummariserTests.Mesh(4) with { Dataplane = null }, PeerDetail.All));
        Assert.Equal(3, page["meshover_peers"]);
        Assert.DoesNotContain(page.Keys, key => key.StartsWith("meshover_peers_", StringComparison.Ordinal) || key.StartsWith("meshover_peer_up", StringComparison.Ordinal));
    }

    [Fact]
    public void Page_BeforeAnythingIsKnown_SaysOnlyWhatIs()
    {
        var page = Scrape.Parse(Page(new AgentState(), PeerDetail.Auto));
        Assert.Equal(0, page["meshover_controller_connected"]);
        Assert.Equal(1, page["meshover_component_state{component=\"routing\",state=\"starting\"}"]);
        Assert.DoesNotContain(page.Keys, key => key.StartsWith("meshover_map_age", StringComparison.Ordinal) || key.StartsWith("meshover_bgp", StringComparison.Ordinal)
            || key.StartsWith("meshover_dataplane_age", StringComparison.Ordinal) || key.StartsWith("meshover_peer", StringComparison.Ordinal)
            || key.StartsWith("meshover_prefixes", StringComparison.Ordinal) || key.EndsWith("_bytes_total", StringComparison.Ordinal) || key == "meshover_frr_restarts_total");
    }

    [Fact]
    public void Page_WhileFrrDoesNotAnswer_CountsNoSessionAndCallsNoLinkDown()
    {
        var state = SummariserTests.Mesh(4);
        var page = Scrape.Parse(Page(state with { Routing = state.Routing! with { Neighbors = [], IsUnread = true } }, PeerDetail.All));
        Assert.Equal(3, page["meshover_peers"]);
        Assert.DoesNotContain(page.Keys, key => key.StartsWith("meshover_bgp", StringComparison.Ordinal) || key.StartsWith("meshover_routing_age", StringComparison.Ordinal)
            || key.StartsWith("meshover_peers_", StringComparison.Ordinal) || key.StartsWith("meshover_peer_up", StringComparison.Ordinal));
    }

    [Fact]
    public void Page_BeforeTheFirstLook_HasNoCounters_AndBeginsAtZeroWithIt()
    {
        var state = SummariserTests.Mesh(3, bytes: 5_000_000);
        Assert.DoesNotContain("_bytes_total{", Text(Build(state, Traffic.None, PeerDetail.All)), StringComparison.Ordinal);
        var counters = new TrafficCounters();
        var page = Scrape.Parse(Text(Build(state, counters.Look(state, LinkStanding.Of(state)), PeerDetail.All)));
        Assert.Equal((0, 0, 0), (page["meshover_receive_bytes_total"], page["meshover_peer_receive_bytes_total{peer=\"n2\"}"], page["meshover_frr_restarts_total"]));
    }

    [Theory]
    [InlineData(PeerDetail.Auto, 100)]
    [InlineData(PeerDetail.None, 100)]
    [InlineData(PeerDetail.All, 6_000)]
    public void Page_With1000Peers_HasFewSeries(PeerDetail detail, int most)
    {
        Assert.InRange(Write(SummariserTests.Mesh(1001), detail).Series, 30, most);
    }

    [Fact]
    public void Page_WithSixtyFourPeers_TellsOfEach_AndWithOneMoreOfNone()
    {
        Assert.Contains("meshover_peer_up{", Page(SummariserTests.Mesh(65), PeerDetail.Auto), StringComparison.Ordinal);
        Assert.DoesNotContain("meshover_peer_up{", Page(SummariserTests.Mesh(66), PeerDetail.Auto), StringComparison.Ordinal);
    }

    [Fact]
    public void Page_OfGatheredRanges_TellsWhoHasEach_OfABoundedNumberOfOwners()
    {
        var owners = Enumerable.Range(2, 20).Select(id => new GatherOwner(new NodeId((uint)id), $"n{id}", IPAddress.Parse($"10.249.0.{id}"), 100, false, false)).ToImmutableArray();
        var range = new GatheredRange(IPNetwork.Parse("10.64.0.0/16")) { Owners = owners };
        var other = new GatheredRange(IPNetwork.Parse("10.65.0.0/16")) { Owners = [owners[0]] };
        var state = SummariserTests.Mesh(4);
        state = state with { Plan = state.Plan! with { Kernel = state.Plan.Kernel with { Gathering = state.Plan.Kernel.Gathering with { FallsBack = true } } } };
        var gathered = new GatherState { Choices = [new GatherChoice(range, 1, owners[15], null) { Usable = [owners[15], owners[3]] }, new GatherChoice(other, 2, null, null)] };
        var page = Scrape.Parse(Text(Build(state, Traffic.None, PeerDetail.Auto, gathered)));
        Assert.Equal((2, 1, 0), (page["meshover_gathering_ranges"], page["meshover_gathering_owner{range=\"10.64.0.0/16\",owner=\"n17\"}"], page["meshover_gathering_owner{range=\"10.64.0.0/16\",owner=\"n2\"}"]));
        Assert.Equal(9 + 1, page.Keys.Count(key => key.StartsWith("meshover_gathering_owner{", StringComparison.Ordinal)));
        Assert.Equal((2, 1, 0), Of("10.64.0.0/16"));
        Assert.Equal((0, 0, 1), Of("10.65.0.0/16"));

        (double, double, double) Of(string range) =>
            (page[$"meshover_gathering_owners_usable{{range=\"{range}\"}}"], page[$"meshover_gathering_path{{range=\"{range}\"}}"], page[$"meshover_gathering_fallback{{range=\"{range}\"}}"]);
    }

    [Fact]
    public void Page_HasNoMetricThatIsNotAmongAll()
    {
        var known = AgentMetrics.All.Select(metric => metric.Name).ToHashSet();
        Assert.All(Scrape.Names(Page(SummariserTests.Mesh(4), PeerDetail.All)), name => Assert.Contains(name, known));
    }

    private static string Page(AgentState state, PeerDetail detail) => Text(Write(state, detail));

    private static string Text(Meshover.Metrics.ExpositionWriter writer) => Encoding.UTF8.GetString(writer.Written.Span);

    private static Meshover.Metrics.ExpositionWriter Write(AgentState state, PeerDetail detail)
    {
        var counters = new TrafficCounters();
        var former = state.Dataplane is { } dataplane ? state with { Dataplane = dataplane with { Peers = [.. dataplane.Peers.Select(peer => peer with { RxBytes = 0 })] } } : state;
        counters.Look(former, LinkStanding.Of(former));
        return Build(state, counters.Look(state, LinkStanding.Of(state)), detail);
    }

    private static Meshover.Metrics.ExpositionWriter Build(AgentState state, Traffic traffic, PeerDetail detail) =>
        Build(state, traffic, detail, GatherState.Nothing);

    private static Meshover.Metrics.ExpositionWriter Build(AgentState state, Traffic traffic, PeerDetail detail, GatherState gathered) =>
        new AgentPage(AgentConfig.Default with { MetricsPeers = detail, MetricsListen = new IPEndPoint(IPAddress.Loopback, 1) }, _ => 1.5, () => gathered)
            .Build(state, traffic, Identity, DateTimeOffset.UnixEpoch);
}
