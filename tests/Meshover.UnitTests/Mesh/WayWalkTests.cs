using Meshover.Mesh.Ways;

namespace Meshover.UnitTests.Mesh;

public sealed class WayWalkTests
{
    private static readonly WayEnd N3 = new("n3", [3], IsBehind: false);

    [Fact]
    public void Way_ByATransitNode_ArrivesWhereItsEndIs()
    {
        var walk = Walk(N3);
        Assert.Equal([1u, 2u, 3u], Follow(walk, (1, WayKind.Link, 2), (2, WayKind.Link, 3), (3, WayKind.Here, 0)));
        Assert.Equal((true, null, null), (walk.Arrives, walk.Ends, walk.Asks));
    }

    [Theory]
    [InlineData(WayKind.Outside, true)]
    [InlineData(WayKind.Here, true)]
    [InlineData(WayKind.Refused, false)]
    public void Way_ToWhatIsBehindANode_ArrivesWhenThatNodeSendsItOn(WayKind last, bool arrives)
    {
        var walk = Walk(new WayEnd("10.64.3.9", [3], IsBehind: true));
        Follow(walk, (1, WayKind.Link, 3), (3, last, 0));
        Assert.Equal(arrives, walk.Arrives);
        Assert.Equal(arrives ? null : "It ends at n3: no route leads to 10.64.3.9 there.", walk.Ends);
    }

    [Fact]
    public void Way_OutOfTheMesh_ArrivesWhereverItLeavesIt_AndOneToANodeDoesNot()
    {
        var outside = Walk(new WayEnd("192.0.2.99", [], IsBehind: true));
        Follow(outside, (1, WayKind.Link, 2), (2, WayKind.Outside, 0));
        Assert.True(outside.Arrives);
        var lost = Walk(N3);
        Follow(lost, (1, WayKind.Outside, 0));
        Assert.Equal((false, "It leaves the mesh at n1."), (lost.Arrives, lost.Ends));
        var stolen = Walk(N3);
        Follow(stolen, (1, WayKind.Link, 2), (2, WayKind.Here, 0));
        Assert.Equal("It ends at n2, which has the address of n3 itself.", stolen.Ends);
    }

    [Fact]
    public void Way_InCircles_ToNobody_OrTooLong_Ends()
    {
        var circle = Walk(N3);
        Follow(circle, (1, WayKind.Link, 2), (2, WayKind.Link, 1));
        Assert.Equal("It goes in circles: n1 has had it before.", circle.Ends);
        var gone = Walk(N3);
        Follow(gone, (1, WayKind.Link, 99));
        Assert.Equal("It ends at n1: its next node, 99, is no member any more.", gone.Ends);
        var endless = Walk(new WayEnd("n20", [20], IsBehind: false));
        Assert.Equal(WayWalk.MostHops, Follow(endless, [.. Enumerable.Range(1, 20).Select(i => ((uint)i, WayKind.Link, (uint)i + 1))]).Count);
        Assert.Contains("more than the mesh allows", endless.Ends, StringComparison.Ordinal);
    }

    [Fact]
    public void Node_ThatDoesNotAnswer_EndsWhatIsKnown()
    {
        var walk = Walk(N3);
        walk.Unanswered("it is off.");
        Assert.Equal((null, "It is not known how it goes on at n1: it is off."), (walk.Asks, walk.Ends));
        Assert.Throws<ArgumentException>(() => walk.Take(new WayStep(1, "n1", WayKind.Here, 0, "", "", null)));
    }

    private static WayWalk Walk(WayEnd end) => new(1, end, id => id <= 20 ? $"n{id}" : null);

    private static List<uint> Follow(WayWalk walk, params (uint Node, WayKind Kind, uint Next)[] answers)
    {
        var asked = new List<uint>();
        while (walk.Asks is { } id)
        {
            asked.Add(id);
            var (node, kind, next) = answers.Single(answer => answer.Node == id);
            walk.Take(new WayStep(node, $"n{node}", kind, next, "", "", null));
        }
        return asked;
    }
}
