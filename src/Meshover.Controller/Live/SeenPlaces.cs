using System.Collections.Immutable;
using System.Net;

namespace Meshover.Controller.Live;

/// <summary>
/// Where nodes are seen by connected peers, and by how many. Kept up as reports change, O(log n) for an observation, so that asking costs
/// O(places of that node), which are one or two: after a restart of the controller every node is asked for at once, and a look
/// through everybody's report for each would be O(n²). Immutable.
/// </summary>
internal sealed class SeenPlaces
{
    public static readonly SeenPlaces None = new(ImmutableDictionary<uint, ImmutableDictionary<IPEndPoint, int>>.Empty);

    private readonly ImmutableDictionary<uint, ImmutableDictionary<IPEndPoint, int>> _places;

    private SeenPlaces(ImmutableDictionary<uint, ImmutableDictionary<IPEndPoint, int>> places) => _places = places;

    /// <summary>In no order.</summary>
    public SeenPlace[] Of(uint node) =>
        _places.TryGetValue(node, out var places) ? [.. places.Select(place => new SeenPlace(place.Key, place.Value))] : [];

    public SeenPlaces After(SightingChange change)
    {
        if (change.IsNone)
            return this;
        var places = _places.ToBuilder();
        foreach (var (node, place) in change.Gone)
            Count(places, node, place, -1);
        foreach (var (node, place) in change.New)
            Count(places, node, place, 1);
        return new(places.ToImmutable());
    }

    private static void Count(ImmutableDictionary<uint, ImmutableDictionary<IPEndPoint, int>>.Builder places, uint node, IPEndPoint place, int by)
    {
        var known = places.GetValueOrDefault(node, ImmutableDictionary<IPEndPoint, int>.Empty);
        var peers = known.GetValueOrDefault(place) + by;
        var present = peers == 0 ? known.Remove(place) : known.SetItem(place, peers);
        if (present.IsEmpty)
            places.Remove(node);
        else
            places[node] = present;
    }
}

/// <param name="EndPoint">Where the node is seen.</param>
/// <param name="Peers">How many see it there.</param>
internal readonly record struct SeenPlace(IPEndPoint EndPoint, int Peers);
