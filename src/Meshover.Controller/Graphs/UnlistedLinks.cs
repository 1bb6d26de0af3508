using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Meshover.Controller.Graphs;

/// <summary>
/// What a member's links with those whom it does not list come to. A summary lists at most 64 that are not up and counts the others; when many nodes are off,
/// nobody lists all. But the controller itself hears nothing of nodes that are off: to those the links that a member does not list are ascribed, and only where
/// there are more of them than such nodes, its links with others are not known. Members of the same values are alike. Pure.
/// </summary>
/// <param name="IsOff">It has no stream, or says nothing of links.</param>
/// <param name="IsComplete">It lists all its links that are not up.</param>
/// <param name="WithPresent">All that it does not list are with members that are off: with the others it is up.</param>
/// <param name="WithoutOff">It has so many that it is up with no member that is off.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct UnlistedLinks(bool IsOff, bool IsComplete, bool WithPresent, bool WithoutOff)
{
    /// <summary>By id. O(n + exceptions).</summary>
    public static Dictionary<uint, UnlistedLinks> Of(ImmutableArray<GraphMember> members)
    {
        var off = members.Where(IsAway).Select(member => member.Id).ToHashSet();
        return members.ToDictionary(member => member.Id, member => Of(member, off));
    }

    /// <summary>How the link of two stands that neither lists.</summary>
    public static LinkState Between(UnlistedLinks a, UnlistedLinks b) =>
        (a.WithoutOff && b.IsOff) || (b.WithoutOff && a.IsOff) ? LinkState.NotUp
        : a.IsComplete || b.IsComplete || (!a.IsOff && !b.IsOff && (a.WithPresent || b.WithPresent)) ? LinkState.Up
        : LinkState.Unknown;

    private static UnlistedLinks Of(GraphMember member, HashSet<uint> off)
    {
        var isOff = off.Contains(member.Id);
        if (member.Speaks is not { Exceptions: { } exceptions } said)
            return new UnlistedLinks(isOff, false, false, false);
        var notListed = off.Count - (isOff ? 1 : 0) - exceptions.Keys.Count(off.Contains);
        return new UnlistedLinks(isOff, said.Unlisted == 0, said.Unlisted <= notListed, said.Unlisted > 0 && said.Unlisted >= notListed);
    }

    private static bool IsAway(GraphMember member) => member.Speaks is null || member.Live is not { IsOnline: true };
}
