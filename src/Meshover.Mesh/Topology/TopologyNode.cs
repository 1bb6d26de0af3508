using Meshover.Mesh.Map;

namespace Meshover.Mesh.Topology;

/// <summary>A member as the topology planner sees it.</summary>
/// <param name="Node">Its entry of the map; <see cref="MeshNode.IsTransit"/> says what it is now.</param>
/// <param name="Role">Its operator's wish.</param>
/// <param name="IsOnline">The controller hears it. A silent node is no new transit node, but stays one until another is found.</param>
/// <param name="LinksUp">Direct links that work, as the node itself counts them.</param>
public sealed record TopologyNode(MeshNode Node, TransitRole Role, bool IsOnline, int LinksUp);
