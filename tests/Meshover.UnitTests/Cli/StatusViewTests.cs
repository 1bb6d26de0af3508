using System.Text.Json;
using Google.Protobuf;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Status;
using Meshover.Contract.V1;
using Spectre.Console;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class StatusViewTests
{
    private static readonly StatusDocument Document = AgentStatusReader.Read(StatusSamples.Degraded());

    [Fact]
    public void Problems_LeavesOutPeersThatAreWell_AndTheWorstFindingComesFirst()
    {
        var status = StatusSamples.Healthy();
        status.Peers[0].Path = "transit";
        status.Findings.Add(new Finding { Code = "peer-off", Severity = "notice", Subject = "n9", Text = "a" });
        status.Findings.Add(new Finding { Code = "underlay-cut", Severity = "fault", Text = "b" });
        var seen = new StatusView(OnlyProblems: true, Peer: null).Of(AgentStatusReader.Read(status));
        Assert.Equal("n3", Assert.Single(seen.Peers).Hostname);
        Assert.Equal(["underlay-cut", "peer-off"], seen.Findings.Select(finding => finding.Code));
    }

    [Fact]
    public void Peers_AreShownWorstFirst()
    {
        var text = Table(Document, view: null);
        var order = Document.Peers.OrderByDescending(StatusView.Badness).Select(peer => text.IndexOf($"  {peer.Hostname} ", StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(-1, order);
        Assert.Equal(order.Order(), order);
    }

    [Fact]
    public void Peer_IsFoundByNameAndAddress_AndAllOfItIsShown()
    {
        var peer = Document.Peers[0];
        foreach (var name in (string[])[peer.Hostname.ToUpperInvariant(), peer.Address4, peer.Address6, peer.Link])
        {
            var view = new StatusView(OnlyProblems: false, name);
            Assert.Contains(peer.Path, Table(view.Of(Document), view), StringComparison.Ordinal);
        }
        Assert.Contains("no peer \"nobody\"", Assert.Throws<CliException>(() => new StatusView(OnlyProblems: false, "nobody").Of(Document)).Message, StringComparison.Ordinal);
    }

    /// <summary>n2's agent says 60; n3's is an older one.</summary>
    [Theory]
    [InlineData("n2", true)]
    [InlineData("n3", false)]
    public void Peer_IsShownWithWhatItsLinkCostsAtThisEnd_WhereThatIsKnown(string name, bool isKnown)
    {
        var view = new StatusView(OnlyProblems: false, name);
        string[] lines = Table(view.Of(Document), view).Split('\n');
        string[] expected = isKnown ? ["cost        60 at this end (40 is the least)"] : [];
        Assert.Equal(expected, lines.Select(line => line.TrimEnd()).Where(line => line.StartsWith("cost", StringComparison.Ordinal)));
    }

    [Fact]
    public void Peer_ThatGoesWhileItIsWatched_IsSaidToBeGone()
    {
        var view = new StatusView(OnlyProblems: false, "gone");
        Assert.Contains("gone is not there", Table(view.Of(Document, mayBeGone: true), view), StringComparison.Ordinal);
    }

    [Fact]
    public void Pages_HoldEachPeerOnce_TheWorstFirst()
    {
        var many = Document with { Peers = [.. Enumerable.Range(0, 120).Select(n => Document.Peers[0] with { Hostname = $"n{n}", Path = n == 77 ? "none" : "direct", BgpState = "Established", BfdState = "up" })] };
        var pages = Enumerable.Range(1, StatusView.Pages(120)).Select(page => new StatusView(OnlyProblems: false, Peer: null, page).Of(many).Peers).ToList();
        Assert.Equal([50, 50, 20], pages.Select(page => page.Length));
        Assert.Equal("n77", pages[0][0].Hostname);
        Assert.Equal(120, pages.SelectMany(page => page).Select(peer => peer.Hostname).Distinct().Count());
        Assert.Equal(pages[2], new StatusView(OnlyProblems: false, Peer: null, 4).Of(many, mayBeGone: true).Peers);
        Assert.Contains("the peers are 3 pages", Assert.Throws<CliException>(() => new StatusView(OnlyProblems: false, Peer: null, 4).Of(many)).Message, StringComparison.Ordinal);
    }

    /// <summary>From what the agent sends to what is shown, as text and as JSON. How long it takes is for `./dev bench status` to say; this says that it grows as the peers do.</summary>
    [Fact]
    public void Status_OfTenTimesThePeers_CostsTenTimesAsMuch()
    {
        _ = (Allocated(1_000), Allocated(1_000)); // what is made once
        var (few, many) = (Allocated(200), Allocated(2_000));
        Assert.InRange((double)many / few, 5, 12);
        Assert.InRange(many, 1, 20_000_000);
    }

    private static long Allocated(int peers)
    {
        var status = StatusSamples.Healthy();
        var sample = status.Peers[0];
        for (var n = status.Peers.Count; n < peers; n++)
        {
            var peer = sample.Clone();
            (peer.Hostname, peer.NodeId, peer.Address4) = ($"node-{n}", (uint)n + 10, $"10.249.{n / 256}.{n % 256}");
            status.Peers.Add(peer);
        }
        var bytes = status.ToByteArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var document = AgentStatusReader.Read(AgentStatus.Parser.ParseFrom(bytes));
        var (table, json) = (Table(document, view: null), JsonSerializer.Serialize(document, StatusJson.Default.StatusDocument));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Contains($"node-{peers - 1}", table, StringComparison.Ordinal);
        Assert.Contains($"node-{peers - 1}", json, StringComparison.Ordinal);
        return allocated;
    }

    private static string Table(StatusDocument document, StatusView? view)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 400;
        StatusTable.Write(console, document, view);
        return text.ToString();
    }
}
