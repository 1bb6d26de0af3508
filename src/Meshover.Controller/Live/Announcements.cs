using System.Net;
using Meshover.Controller.State;
using Meshover.Mesh.Addressing;

namespace Meshover.Controller.Live;

/// <summary>Compares what a node announces with what it was granted. Pure.</summary>
internal static class Announcements
{
    /// <summary>Announced prefixes that no grant covers; every other node refuses them. A node's own addresses need none.</summary>
    public static IEnumerable<IPNetwork> NotGranted(StoredNode node, ReportedState? report)
    {
        if (report is null || report.Announced.IsEmpty)
            return [];
        // Each announcement is compared with each grant, so those are read once.
        var own = node.Addresses.Select(address => Prefixes.Host(IPAddress.Parse(address))).ToHashSet();
        var grants = node.Grants.Select(MapModel.ToGrant).ToArray();
        return report.Announced.Where(prefix => !own.Contains(prefix) && !Array.Exists(grants, grant => grant.Covers(prefix)));
    }
}
