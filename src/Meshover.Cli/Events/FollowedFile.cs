using Meshover.Mesh.Events;

namespace Meshover.Cli.Events;

/// <summary>What is new in a node's events since the last look, by their numbers: the clock may be set meanwhile.</summary>
/// <param name="known">What there was at the beginning.</param>
internal sealed class FollowedFile(IReadOnlyList<MeshEvent> known)
{
    private long _last = NewestOf(known);

    /// <param name="all">What there is now.</param>
    /// <returns>All of it where the numbers begin anew, as they do after `meshover down`.</returns>
    public IEnumerable<MeshEvent> New(IReadOnlyList<MeshEvent> all)
    {
        var newest = NewestOf(all);
        var after = newest < _last ? 0 : _last;
        _last = newest;
        return all.Where(change => change.Number > after);
    }

    private static long NewestOf(IReadOnlyList<MeshEvent> all) => all.Count > 0 ? all[^1].Number : 0;
}
