using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Meshover.Mesh.Map;

namespace Meshover.Mesh.Paths;

/// <summary>What the operator of a node decides of BFD on its links.</summary>
/// <param name="HostName">The node at the other end; empty: it goes by the site.</param>
/// <param name="Site">All nodes of it; empty, as the name is: all links.</param>
/// <param name="Profile">Null: by what is measured.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BfdChoice(string HostName, string Site, BfdProfile? Profile)
{
    /// <summary>For a node's link: what is said of the node itself counts before what is said of its site, and that before what is said of all; null where nothing is.</summary>
    public static BfdProfile? For(MeshNode peer, ImmutableArray<BfdChoice> all)
    {
        BfdChoice? ofSite = null, ofAll = null;
        foreach (var one in all)
        {
            if (one.HostName.Length > 0)
            {
                if (one.HostName == peer.HostName)
                    return one.Profile;
            }
            else if (one.IsForAll)
                ofAll ??= one;
            else if (one.Site == peer.Site)
                ofSite ??= one;
        }
        return (ofSite ?? ofAll)?.Profile;
    }

    /// <summary>Whether links must be measured for it.</summary>
    public static bool AreMeasured(ImmutableArray<BfdChoice> all) => all.Any(one => one.Profile is null) || !all.Any(one => one.IsForAll);

    private bool IsForAll => HostName.Length == 0 && Site.Length == 0;
}
