using System.Net;

namespace Meshover.Controller.Live;

/// <summary>
/// Where nodes are seen by connected peers, and by how many. Kept up as reports change, O(1) for an observation, so that asking costs
/// O(places of that node), which are one or two: after a restart of the controller every node is asked for at once, and a look
/// through everybody's report for each would be O(n²) under the lock.
/// </summary>
internal sealed class SeenPlaces
{
    private readonly Dictionary<uint, Dictionary<IPEndPoint, int>> _places = [];

    /// <summary>In no order.</summary>
    public SeenPlace[] Of(uint node) =>
        _places.TryGetValue(node, out var places) ? [.. places.Select(place => new SeenPlace(place.Key, place.Value))] : [];

    public void Add(uint node, IPEndPoint place)
    {
        if (!_places.TryGetValue(node, out var places))
            _places[node] = places = [];
        places[place] = places.GetValueOrDefault(place) + 1;
    }

    /// <summary>Takes back one <see cref="Add"/>.</summary>
    public void Remove(uint node, IPEndPoint place)
    {
        var places = _places[node];
        if (--places[place] == 0)
            places.Remove(place);
        if (places.Count == 0)
            _places.Remove(node);
    }
}

/// <param name="EndPoint">Where the node is seen.</param>
/// <param name="Peers">How many see it there.</param>
internal readonly record struct SeenPlace(IPEndPoint EndPoint, int Peers);
