using System.Collections.Immutable;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Topology;

/// <summary>Who re-announces others' routes.</summary>
/// <param name="Transits">The transit nodes.</param>
/// <param name="IsSmall">The mesh counts as small: all nodes are transit, but those that refuse. Handed to the next planning, because the bounds differ on the way up and down.</param>
public sealed record TopologyPlan(ImmutableSortedSet<NodeId> Transits, bool IsSmall);
