using System.Diagnostics;
using System.Net;
using System.Text;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Reporting;
using Meshover.Agent.Scraping;
using Meshover.Agent.Trust;
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
        Assert.Equal((30, 2), (page["meshover_receive_bytes_total"], page["meshover_dropped_packets_total{reason=\"malformed-packet\"}"]));
        Assert.Equal((1, 0), (page["meshover_component_state{component=\"kernel\",state=\"ok\"}"], page["meshover_component_state{component=\"kernel\",state=\"failed\"}"]));
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
            || key.StartsWith("meshover_dataplane_age", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(PeerDetail.Auto, 100)]
    [InlineData(PeerDetail.None, 100)]
    [InlineData(PeerDetail.All, 5_000)]
    public void Page_With1000Peers_HasFewSeries_AndIsSoonMade(PeerDetail detail, int most)
    {
        var state = SummariserTests.Mesh(1001);
        // Others use the processors, too: it is the quickest that tells what the work is.
        var quickest = Enumerable.Range(0, 10).Min(_ =>
        {
            var watch = Stopwatch.StartNew();
            Write(state, detail);
            return watch.ElapsedMilliseconds;
        });
        Assert.InRange(quickest, 0, 100);
        Assert.InRange(Write(state, detail).Series, 30, most);
    }

    [Fact]
    public void Page_WithSixtyFourPeers_TellsOfEach_AndWithOneMoreOfNone()
    {
        Assert.Contains("meshover_peer_up{", Page(SummariserTests.Mesh(65), PeerDetail.Auto), StringComparison.Ordinal);
        Assert.DoesNotContain("meshover_peer_up{", Page(SummariserTests.Mesh(66), PeerDetail.Auto), StringComparison.Ordinal);
    }

    [Fact]
    public void Page_HasNoMetricThatIsNotAmongAll()
    {
        var known = AgentMetrics.All.Select(metric => metric.Name).ToHashSet();
        Assert.All(Scrape.Names(Page(SummariserTests.Mesh(4), PeerDetail.All)), name => Assert.Contains(name, known));
    }

    private static string Page(AgentState state, PeerDetail detail) => Encoding.UTF8.GetString(Write(state, detail).Written.Span);

    private static Meshover.Metrics.ExpositionWriter Write(AgentState state, PeerDetail detail)
    {
        var counters = new TrafficCounters();
        var traffic = counters.Look(state, LinkStanding.Of(state));
        return new AgentPage(AgentConfig.Default with { MetricsPeers = detail, MetricsListen = new IPEndPoint(IPAddress.Loopback, 1) }, _ => 1.5)
            .Build(state, traffic, Identity, DateTimeOffset.UnixEpoch);
    }
}
