using System.Net;
using Meshover.Controller.State;

namespace Meshover.Controller.Live;

/// <summary>Compares what a node announces with what it was granted. Pure.</summary>
internal static class Announcements
{
    /// <summary>Announced prefixes that no grant covers; every other node refuses them. A node's own addresses need none.</summary>
    public static IEnumerable<IPNetwork> NotGranted(NodeRecord node, NodeReport? report) =>
        (report?.Announced ?? []).Where(prefix =>
            prefix.ToString() != $"{node.Address4}/32" && prefix.ToString() != $"{node.Address6}/128"
            && !node.Grants.Any(grant => MapModel.ToGrant(grant).Covers(prefix)));
}
