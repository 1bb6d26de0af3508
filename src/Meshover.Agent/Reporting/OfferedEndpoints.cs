using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Map;

namespace Meshover.Agent.Reporting;

/// <summary>
/// The endpoints that a node offers: the operator's, then those of its interfaces. A controller takes <see cref="Most"/>; of more, those are
/// offered that leave out no family and no network before its second address.
/// </summary>
internal static class OfferedEndpoints
{
    /// <summary>As the controller checks it.</summary>
    public const int Most = 64;

    private const int Network4 = 24;
    private const int Network6 = 64;

    public static ImmutableArray<EndpointCandidate> Of(IEnumerable<IPEndPoint> configured, ImmutableArray<IPAddress> found, int port)
    {
        ImmutableArray<EndpointCandidate> own = [.. configured.Take(Most).Select(endpoint => new EndpointCandidate(endpoint, EndpointSource.Configured))];
        return [.. own, .. Best(found, Most - own.Length).Select(address => new EndpointCandidate(new IPEndPoint(address, port), EndpointSource.Interface))];
    }

    /// <summary>In the order that they came in.</summary>
    public static IEnumerable<IPAddress> Best(ImmutableArray<IPAddress> found, int most)
    {
        if (found.Length <= most)
            return found;
        // The first of each network, then the second of each; of both families equally many.
        var chosen = found.GroupBy(address => address.AddressFamily).SelectMany(Ranked).OrderBy(ranked => ranked.Rank).Take(most)
            .Select(ranked => ranked.Address).ToHashSet();
        return found.Where(chosen.Contains);
    }

    /// <summary>What is not offered, for a user; null where all is.</summary>
    public static string? LeftOut(int configured, int found) => configured + found <= Most
        ? null
        : $"This machine has {found} underlay addresses and {configured} configured endpoints; the best {Most} are offered to peers. "
            + "`interface` in agent.yaml says which interfaces to offer.";

    private static IEnumerable<(IPAddress Address, int Rank)> Ranked(IEnumerable<IPAddress> family) => family
        .GroupBy(NetworkOf).SelectMany(network => network.Select((address, place) => (address, place)))
        .OrderBy(pair => pair.place).Select((pair, rank) => (pair.address, rank));

    private static IPNetwork NetworkOf(IPAddress address) =>
        Prefixes.Containing(address, address.AddressFamily == AddressFamily.InterNetwork ? Network4 : Network6);
}
