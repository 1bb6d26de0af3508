using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Map;

/// <summary>
/// What of a map cannot be worked with. One node that is wrong would else stop all the others: FRR and the engine take a configuration
/// whole, or not at all.
/// </summary>
public static class MeshMapProblems
{
    /// <summary>More would make FRR's expressions for AS paths needlessly long; the mesh itself uses two.</summary>
    private const int MostMeshHops = 16;

    /// <summary>The nodes that are wrong, each with why. Of two that claim one number the one with the smaller id has it. O(n).</summary>
    public static ImmutableSortedDictionary<NodeId, string> Problems(this MeshMap map)
    {
        var taken = new Dictionary<object, NodeId>();
        var problems = ImmutableSortedDictionary.CreateBuilder<NodeId, string>();
        foreach (var node in map.Nodes.Values)
        {
            if ((Problem(node) ?? Clash(node, taken)) is { } problem)
                problems[node.Id] = problem;
            else
                Take(node, taken);
        }
        return problems.ToImmutable();
    }

    /// <summary>The map without them, which it names, and without further addresses that cannot be worked with.</summary>
    public static MeshMap WithoutProblems(this MeshMap map)
    {
        var problems = map.Problems();
        return (problems.IsEmpty ? map : map with { Nodes = map.Nodes.RemoveRange(problems.Keys), LeftOut = map.LeftOut.SetItems(problems) }).WithoutDoubles();
    }

    /// <summary>Why the settings cannot be worked with; null where they can.</summary>
    public static string? Problem(this MeshSettings settings) => settings switch
    {
        { Pool4.BaseAddress.AddressFamily: not AddressFamily.InterNetwork } => $"{settings.Pool4} is not an IPv4 pool",
        { Pool6.BaseAddress.AddressFamily: not AddressFamily.InterNetworkV6 } => $"{settings.Pool6} is not an IPv6 pool",
        { TunnelPool.BaseAddress.AddressFamily: not AddressFamily.InterNetwork } => $"{settings.TunnelPool} is not an IPv4 pool",
        { BgpPort: < 1 or > ushort.MaxValue } => $"{settings.BgpPort} is not a TCP port",
        { MaxMeshHops: < 1 or > MostMeshHops } => $"{settings.MaxMeshHops} is not a number of mesh hops from 1 to {MostMeshHops}",
        _ => null,
    };

    /// <summary>All that only one node of a mesh can have.</summary>
    internal static IEnumerable<(string Name, object Value)> Numbers(this MeshNode node) =>
    [
        ("address", node.Address4),
        ("address", node.Address6),
        // Of another kind than the addresses above: the two pools may overlap.
        ("tunnel address", (true, node.TunnelAddress)),
        ("AS number", node.Asn),
        .. node.WireGuardKeys.Select(key => ("WireGuard key", (object)key)),
    ];

    private static string? Problem(MeshNode node)
    {
        if (node.Id.Value == 0)
            return "it has no id";
        if (!HostName.TryNormalise(node.HostName, out var name, out _) || name != node.HostName)
            return $"\"{node.HostName}\" is not a hostname";
        if (node.WireGuardKeys.IsEmpty || node.WireGuardKeys.Any(key => !key.Bytes.ContainsAnyExcept((byte)0)))
            return "it has no WireGuard key";
        if (node.Asn.Value == 0)
            return "0 is not an AS number";
        if (node.Endpoints.FirstOrDefault(endpoint => endpoint.EndPoint.Port == 0) is { } endpoint)
            return $"its endpoint {endpoint.EndPoint} has no port";
        return ProblemOfAddresses(node) ?? node.Grants.Select(Problem).FirstOrDefault(problem => problem is not null);
    }

    private static string? ProblemOfAddresses(MeshNode node)
    {
        if (!Is(node.Address4, AddressFamily.InterNetwork))
            return $"{node.Address4} is not an IPv4 address of a node";
        if (!Is(node.Address6, AddressFamily.InterNetworkV6))
            return $"{node.Address6} is not an IPv6 address of a node";
        return Is(node.TunnelAddress, AddressFamily.InterNetwork) ? null : $"{node.TunnelAddress} is not a tunnel address";

        static bool Is(IPAddress address, AddressFamily family) =>
            address.AddressFamily == family && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
    }

    private static string? Problem(RouteGrant grant)
    {
        var longest = grant.Prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        return grant.MaxLength < grant.Prefix.PrefixLength || grant.MaxLength > longest
            ? $"its grant of {grant.Prefix} allows lengths up to {grant.MaxLength}, and only {grant.Prefix.PrefixLength} to {longest} are possible"
            : null;
    }

    private static string? Clash(MeshNode node, Dictionary<object, NodeId> taken)
    {
        foreach (var (name, value) in node.Numbers())
        {
            if (taken.TryGetValue(value, out var other))
                return $"its {name} is that of node {other}";
        }
        return null;
    }

    private static void Take(MeshNode node, Dictionary<object, NodeId> taken)
    {
        foreach (var (_, value) in node.Numbers())
            taken[value] = node.Id;
    }
}
