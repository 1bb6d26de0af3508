using Meshover.Mesh.Map;

namespace Meshover.Mesh.Topology;

/// <summary>The kind of path that two nodes can have.</summary>
public enum PathKind
{
    Direct,
    Transit,
    None,
}

/// <summary>A path, and why it is not direct (for a user; empty where it is).</summary>
public readonly record struct PathExpectation(PathKind Kind, string Reason);

/// <summary>What path two nodes can have, by what the map says of their underlay addresses.</summary>
public static class PathFinder
{
    /// <param name="transits">The transit nodes of the map: few, while it has thousands of pairs that ask for them.</param>
    public static PathExpectation Between(IEnumerable<MeshNode> transits, MeshNode a, MeshNode b)
    {
        var (from, to) = (Reach.Of(a), Reach.Of(b));
        if (from.Reaches(to))
            return new PathExpectation(PathKind.Direct, "");
        var why = from.WhyNot(to);
        var hasTransit = transits.Any(node => node.Id != a.Id && node.Id != b.Id
            && Reach.Of(node) is var reach && reach.Reaches(from) && reach.Reaches(to));
        return hasTransit
            ? new PathExpectation(PathKind.Transit, $"No direct link: {why}.")
            : new PathExpectation(PathKind.None, $"No direct link: {why}; and no transit node reaches both.");
    }

    /// <summary>Whether they can have a direct link.</summary>
    public static bool IsDirect(MeshNode a, MeshNode b) => Reach.Of(a).Reaches(Reach.Of(b));
}
