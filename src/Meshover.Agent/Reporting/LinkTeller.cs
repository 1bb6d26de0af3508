using System.Collections.Immutable;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Paths;

namespace Meshover.Agent.Reporting;

/// <summary>Keeps what is known of links on disk, and tells the loop where one costs more or less than it was told last. For one thread at a time.</summary>
/// <param name="file">Where it is kept.</param>
/// <param name="tell">Whether it was taken; else it is told again when it is asked for next.</param>
internal sealed class LinkTeller(LinkFile file, Func<ImmutableSortedDictionary<NodeId, LinkQuality>, bool> tell)
{
    private ImmutableSortedDictionary<NodeId, LinkQuality> _saved = ImmutableSortedDictionary<NodeId, LinkQuality>.Empty;
    private ImmutableSortedDictionary<NodeId, LinkQuality> _told = ImmutableSortedDictionary<NodeId, LinkQuality>.Empty;

    /// <param name="isBelieved">False: nothing is measured, or the links were another mesh's.</param>
    /// <returns>What the last agent knew.</returns>
    public ImmutableSortedDictionary<NodeId, LinkQuality> Begin(bool isBelieved)
    {
        if (isBelieved)
            _saved = _told = file.Load();
        else
            file.Forget();
        return _told;
    }

    /// <returns>False: it must be asked again.</returns>
    public bool Look(ImmutableSortedDictionary<NodeId, LinkQuality> links)
    {
        if (!links.SequenceEqual(_saved))
            file.Save(links);
        _saved = links;
        if (LinkCost.AreEqual(links, _told))
            return true;
        if (!tell(links))
            return false;
        _told = links;
        return true;
    }
}
