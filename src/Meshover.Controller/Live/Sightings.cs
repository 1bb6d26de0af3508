using System.Net;
using Meshover.Controller.State;
using Meshover.Mesh.Map;

namespace Meshover.Controller.Live;

/// <summary>
/// Which of the places where nodes see each other are kept. In a healthy mesh every node is where the map says, and keeping that from
/// everybody about everybody would be O(n²). Pure.
/// </summary>
internal static class Sightings
{
    /// <summary>
    /// Whether the place is of a member, and more than the map says. What the map has from peers alone is to be said on: it stays there for
    /// as long as peers see it.
    /// </summary>
    public static bool IsNews(MeshState state, uint node, IPEndPoint place) =>
        state.Member(node) is { } member && !member.Reach.Endpoints.Any(known =>
            known.Kind != (int)EndpointSource.SeenByPeer && known.Port == place.Port && known.Address == place.Address.ToString());
}
