using Meshover.Cli.Routes;

namespace Meshover.UnitTests.Cli;

/// <summary>What `meshover route explain` shows to people.</summary>
public sealed class RouteTextTests
{
    private static readonly RouteDocument Route = new()
    {
        Node = "n1",
        From = "10.249.0.1",
        To = "10.64.2.1",
        Kind = "link",
        Link = "mo-00000002",
        Next = "n2",
        In = "from this node",
        Gathered = "no",
        Out = "by mo-00000002",
        Prefix = "10.64.2.0/24",
        Announcements =
        [
            Announced("n2", "used", 50, "Accepted, and the kernel has it.", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9"),
            Announced("web-3", "refused", null, "Refused, although it was granted: its AS path has more hops than the mesh takes, or a snippet or template of this node's own is in the way. It came by n3."),
        ],
        Grants = [new RouteHolder { Node = "n2", Prefix = "10.64.2.0/24", Match = "exact", MaxLength = 26, Name = null, Silent = null }],
        Kernel = [new RouteHeld { Prefix = "10.64.2.0/24", Match = "exact", Kind = "unicast", Protocol = "bgp", Table = 254, Metric = 20, By = ["mo-00000002 (n2)"] }],
        More = 0,
        Notes = ["What 3 of 5 neighbours announce and this node refuses is not known: bgpd has not answered for 10 s."],
    };

    [Fact]
    public void Terminal_OfEightyColumns_HasNoLongerLine_AndReasonsBelowTheirRows()
    {
        string[] lines = [.. RouteText.Lines(Route, 80)];
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        Assert.DoesNotContain(lines, line => line.EndsWith(' '));
        var row = Array.FindIndex(lines, line => line.Contains("web-3", StringComparison.Ordinal));
        Assert.Equal("  10.64.2.0/24  exact  web-3  refused", lines[row]);
        Assert.StartsWith("      Refused, although it was granted:", lines[row + 1], StringComparison.Ordinal);
        Assert.Equal("      by n3.", lines[row + 3]);
        // What fits stands beside.
        Assert.Contains("  10.64.2.0/24  exact  unicast  bgp     254    20      mo-00000002 (n2)", lines);
    }

    [Fact]
    public void Pipe_HasALineForEachRow()
    {
        string[] lines = [.. RouteText.Lines(Route, int.MaxValue)];
        Assert.Contains("  10.64.2.0/24  exact  n2     used     50    By n2 or n3 or n4 or n5 or n6 or n7 or n8 or n9. Accepted, and the kernel has it.", lines);
        Assert.Single(lines, line => line.Contains("web-3", StringComparison.Ordinal) && line.EndsWith("It came by n3.", StringComparison.Ordinal));
        Assert.Equal("announced: 10.64.3.0/24 and what overlaps it: nothing", RouteText.Lines(Route with { Prefix = "10.64.3.0/24", Announcements = [] }, 80).ElementAt(5));
    }

    private static RouteAnnouncement Announced(string node, string state, uint? cost, string reason, params string[] hops) => new()
    {
        Prefix = "10.64.2.0/24",
        Match = "exact",
        Node = node,
        State = state,
        Reason = reason,
        Cost = cost,
        NextHops = [.. hops],
        Role = null,
        Priority = null,
    };
}
