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

    [Fact]
    public void Ways_StandBelowTheAnnouncements_EachWithItsCost()
    {
        var route = Route with
        {
            Announcements =
            [
                Announced("n2", "used", 106, "Accepted, and the kernel has it.", "n5") with
                {
                    Ways = [Way("n5", 106, 56) with { Set = 0 }, Way("n2", 240, 240, "costs 134 more") with { Set = 0 }, Way("n7", 400, null, "preferred less"), Way("n8", null, null, "about to go")],
                },
                Announced("n9", "accepted", 300, "Accepted.") with { Ways = [Way("n9", 300, 200, "costs 194 more") with { Set = 100 }] },
                Announced("n3", "accepted", 50, "Accepted.") with { Ways = [Way("n3", 50, 50)] }, // nothing is to be told of it
            ],
        };
        string[] lines = [.. RouteText.Lines(route, int.MaxValue)];
        var title = Array.IndexOf(lines, "ways to it, and what they cost (units of 0.1 ms)");
        string[] expected =
        [
            "  10.64.2.0/24 of n2: by n5 106 (56 to n5, 50 on to n2), used; by n2 240 (240 to n2 itself), costs 134 more; by n7 400, preferred less; by n8, about to go",
            "  10.64.2.0/24 of n9: by n9 300 (200 to n9 itself, 100 set by n9), costs 194 more",
            "",
            "granted",
        ];
        Assert.Equal(expected, lines[(title + 1)..(title + 5)]);
        string[] narrow = [.. RouteText.Lines(route, 80)];
        Assert.All(narrow, line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains("  10.64.2.0/24 of n2: by n5 106 (56 to n5, 50 on to n2), used; by n2 240 (240 to", narrow);
        Assert.Contains("      n2 itself), costs 134 more; by n7 400, preferred less; by n8, about to go", narrow);
    }

    [Fact]
    public void Ways_OfWhichThereAreMany_AreToldUpToEight_AndOfWhichThereIsAPlainOneNotAtAll()
    {
        var many = Announced("n2", "used", 100, "Accepted.") with { Ways = [.. Enumerable.Range(0, 13).Select(n => Way($"t{n}", 100 + (10 * (uint)n), 50, n == 0 ? null : "costs more"))] };
        var told = Assert.Single(RouteText.Lines(Route with { Announcements = [many] }, int.MaxValue), line => line.Contains(" of n2: ", StringComparison.Ordinal));
        Assert.EndsWith("; by t7 170 (50 to t7, 120 beyond), costs more; and 5 more, from 180 on", told, StringComparison.Ordinal);
        var plain = Announced("n2", "used", 50, "Accepted.") with { Ways = [Way("n2", 50, 50)] };
        Assert.DoesNotContain(RouteText.Lines(Route with { Announcements = [plain] }, 80), line => line.StartsWith("ways ", StringComparison.Ordinal));
    }

    private static RouteWay Way(string by, uint? cost, uint? link, string? reason = null) =>
        new() { By = by, Cost = cost, Link = link, Beyond = cost - link, Set = null, Used = reason is null, Reason = reason };

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
        Ways = [],
    };
}
