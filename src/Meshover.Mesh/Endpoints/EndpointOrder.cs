using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;

namespace Meshover.Mesh.Endpoints;

/// <summary>Which of a peer's endpoints are worth trying, and in which order.</summary>
public static class EndpointOrder
{
    /// <summary>Best first: in what the operator prefers, then IPv6 before IPv4, unless it is unlikely to be answered, then by how likely it answers from here.</summary>
    public static ImmutableArray<EndpointCandidate> Usable(MeshSettings mesh, MeshNode me, MeshNode peer, NodeHealth health, ImmutableArray<IPNetwork> preferred)
    {
        var sameSite = SharesPublicAddress(me, peer);
        return [.. peer.Endpoints
            .Where(candidate => IsUnderlay(mesh, candidate.EndPoint.Address) && CanCall(health, candidate.EndPoint.Address))
            .OrderBy(candidate => Preference(preferred, candidate.EndPoint.Address))
            .ThenBy(candidate => Turn(health, candidate.EndPoint.Address))
            .ThenBy(candidate => Rank(candidate, peer.IsBehindNat && !sameSite))
            .DistinctBy(candidate => candidate.EndPoint)];
    }

    /// <summary>
    /// Whether an address may be of the underlay: never loopback, link-local, multicast, unspecified, or of the mesh itself. (A
    /// granted prefix may cover the underlay, so it excludes nothing here; discovery leaves out what lies behind a node.)
    /// </summary>
    public static bool IsUnderlay(MeshSettings mesh, IPAddress address) =>
        IsGlobal(address) && !mesh.Pool4.Contains(address) && !mesh.Pool6.Contains(address) && !mesh.TunnelPool.Contains(address);

    /// <summary>Whether an address means the same to two machines of one network.</summary>
    public static bool IsGlobal(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return false;
        var bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? !address.IsIPv6LinkLocal && !address.IsIPv6Multicast && !IPAddress.IPv6Loopback.Equals(address) && !IPAddress.IPv6Any.Equals(address)
            : bytes[0] is not (0 or 127) and < 224 && !(bytes[0] == 169 && bytes[1] == 254);
    }

    /// <summary>The candidates whose underlay the operator prefers to that of the present endpoint, best first.</summary>
    /// <param name="candidates">As <see cref="Usable"/> orders them.</param>
    public static ImmutableArray<IPEndPoint> Better(ImmutableArray<IPNetwork> preferred, IReadOnlyList<IPEndPoint> candidates, IPEndPoint? present) =>
        present is null ? [] : [.. candidates.Where(candidate => Preference(preferred, candidate.Address) < Preference(preferred, present.Address))];

    private static int Preference(ImmutableArray<IPNetwork> preferred, IPAddress address)
    {
        for (var i = 0; i < preferred.Length; i++)
        {
            if (preferred[i].Contains(address))
                return i;
        }
        return preferred.Length;
    }

    private static bool CanCall(NodeHealth health, IPAddress address) =>
        (address.AddressFamily == AddressFamily.InterNetworkV6 ? health.HasIPv6 : health.HasIPv4) && health.Routes.Reach(address);

    /// <summary>
    /// A unique local address is known within a site: it is called first where a route of its own leads there, and a global one where we
    /// have such an address to call from (as RFC 6724, section 2.1, prefers IPv4 to such a pair). A first call that nobody hears costs seconds.
    /// </summary>
    private static int Turn(NodeHealth health, IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return 1;
        var isLikely = address.IsIPv6UniqueLocal ? health.Routes.LengthTo(address) > 0 : health.HasGlobalIPv6;
        return isLikely ? 0 : 2;
    }

    /// <summary>An inner address of a peer behind a NAT elsewhere is the last hope; behind our own NAT it is the only one that works.</summary>
    private static int Rank(EndpointCandidate candidate, bool isBehindOtherNat) =>
        isBehindOtherNat && candidate.Source == EndpointSource.Interface ? int.MaxValue : (int)candidate.Source;

    private static bool SharesPublicAddress(MeshNode me, MeshNode peer) =>
        Seen(me).Intersect(Seen(peer)).Any();

    private static IEnumerable<IPAddress> Seen(MeshNode node) => node.Endpoints
        .Where(candidate => candidate.Source == EndpointSource.SeenByController)
        .Select(candidate => candidate.EndPoint.Address);
}
