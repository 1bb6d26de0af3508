using System.Net.Sockets;
using Meshover.Mesh.Map;

namespace Meshover.Mesh.Topology;

/// <summary>
/// How a node stands on the underlay. Whether two nodes can have a direct link follows from their two, so that a mesh of any size
/// has at most eight kinds of node to compare.
/// </summary>
internal readonly record struct Reach(bool HasIPv4, bool HasIPv6, bool IsBehindNat)
{
    public static Reach Of(MeshNode node) => new(
        node.Endpoints.Any(candidate => candidate.EndPoint.AddressFamily == AddressFamily.InterNetwork),
        node.Endpoints.Any(candidate => candidate.EndPoint.AddressFamily == AddressFamily.InterNetworkV6),
        node.IsBehindNat);

    public bool Reaches(Reach other) =>
        ((HasIPv4 && other.HasIPv4) || (HasIPv6 && other.HasIPv6)) && !(IsBehindNat && other.IsBehindNat);

    /// <summary>Why there is no direct link, for a user.</summary>
    public string WhyNot(Reach other) => (this, other) switch
    {
        ({ HasIPv4: false, HasIPv6: false }, _) or (_, { HasIPv4: false, HasIPv6: false }) => "one of them has no known address",
        _ when IsBehindNat && other.IsBehindNat => "both are behind NATs",
        _ => "one has only IPv4, the other only IPv6",
    };
}
