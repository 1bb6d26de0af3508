using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Meshover.Mesh.Map;

namespace Meshover.Mesh.Paths;

/// <summary>What the operator of a node adds to the cost of its links with some nodes.</summary>
/// <param name="HostName">The node at the other end; empty: it goes by the site.</param>
/// <param name="Site">All nodes of it; empty: it goes by the name.</param>
/// <param name="Cost">Units of 0.1 ms, for either direction; 0 to <see cref="LinkCost.MostAdded"/>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AddedCost(string HostName, string Site, int Cost)
{
    /// <summary>For a node's link: what is said of the node itself counts before what is said of its site; 0 where nothing is.</summary>
    public static int For(MeshNode peer, ImmutableArray<AddedCost> all)
    {
        foreach (var one in all)
        {
            if (one.HostName.Length > 0 && one.HostName == peer.HostName)
                return one.Cost;
        }
        foreach (var one in all)
        {
            if (one.Site.Length > 0 && one.Site == peer.Site)
                return one.Cost;
        }
        return 0;
    }
}
