using System.Collections.Immutable;
using System.Net;
using Meshover.Controller.State;
using Meshover.Mesh.Map;

namespace Meshover.Controller.Live;

/// <summary>
/// Which of the places where peers see a node go into the map, for all to call it there. Pure. Behind a symmetric NAT every peer sees
/// another, of use to nobody else, and one peer alone might name any address: so it takes two.
/// </summary>
internal static class SeenEndpoints
{
    // Enough for the ways in that there can be.
    private const int Most = 4;
    private const int Witnesses = 2;

    /// <param name="seen">Each place once.</param>
    /// <param name="told">What the map says now: a place stays there, and where it stands, while anybody sees the node there and no better one wants the room.</param>
    public static IEnumerable<EndpointRecord> Choose(IEnumerable<SeenPlace> seen, ImmutableArray<EndpointRecord> told) => seen
        .Select(place => (place.Peers, Record: ToRecord(place.EndPoint)))
        .Select(place => (place.Peers, place.Record, Told: told.IndexOf(place.Record)))
        .Where(place => place.Peers >= Witnesses || place.Told >= 0)
        .OrderByDescending(place => place.Peers >= Witnesses)
        .ThenByDescending(place => place.Told >= 0)
        .ThenByDescending(place => place.Peers)
        .ThenBy(place => $"{place.Record.Address} {place.Record.Port}", StringComparer.Ordinal)
        .Take(Most)
        .OrderBy(place => place.Told < 0 ? int.MaxValue : place.Told)
        .Select(place => place.Record);

    /// <summary>Those of the map, as if each were seen: while peers come back after a start of the controller, none is taken for gone.</summary>
    public static IEnumerable<SeenPlace> StillTold(IEnumerable<SeenPlace> seen, ImmutableArray<EndpointRecord> told)
    {
        var places = seen.ToList();
        var known = places.Select(place => place.EndPoint).ToHashSet();
        return places.Concat(told.Where(endpoint => endpoint.Kind == (int)EndpointSource.SeenByPeer)
            .Select(endpoint => new SeenPlace(new IPEndPoint(IPAddress.Parse(endpoint.Address), endpoint.Port), 1))
            .Where(place => !known.Contains(place.EndPoint)));
    }

    private static EndpointRecord ToRecord(IPEndPoint place) => new(place.Address.ToString(), place.Port, (int)EndpointSource.SeenByPeer);
}
