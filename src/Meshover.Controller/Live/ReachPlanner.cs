using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Controller.State;
using Meshover.Mesh.Map;

namespace Meshover.Controller.Live;

/// <summary>Where a node's stream comes from, as the controller sees it; null through the mesh or on one machine.</summary>
internal readonly record struct SeenSource(IPAddress? Address);

/// <summary>
/// Merges what a node says of its endpoints with what others see. Pure. Whether it is behind a NAT is
/// decided by its own addresses and by the one that its stream comes from (<see cref="NatJudgement"/>).
/// </summary>
internal static class ReachPlanner
{
    /// <param name="mesh">For the pools: mesh addresses are never candidates.</param>
    /// <param name="grants">Of the node: its own workloads' addresses are none either.</param>
    /// <param name="report">The node's own.</param>
    /// <param name="source">Where its stream comes from.</param>
    /// <param name="seenByPeers">Where peers have authenticated packets from it, each place once.</param>
    /// <param name="known">What the map says now: kept where nothing better is known.</param>
    public static ReachRecord Plan(
        MeshRecord mesh, ImmutableArray<StoredGrant> grants, ReportedState report, SeenSource source, IEnumerable<SeenPlace> seenByPeers,
        ReachRecord known)
    {
        var pools = new[] { mesh.Pool4, mesh.Pool6, mesh.TunnelPool }.Select(IPNetwork.Parse).ToArray();
        var seen = source.Address is { } address && IsUnderlay(address, pools) ? address : null;
        var candidates = OwnEndpoints(grants, report)
            .Concat(seen is null || report.ListenPort == 0 || !NatJudgement.IsPlace(report, seen)
                ? [] : [new EndpointRecord(seen.ToString(), report.ListenPort, (int)EndpointSource.SeenByController)])
            .Concat(SeenEndpoints.Choose(seenByPeers, known.Endpoints));
        return known with
        {
            Endpoints = Order(candidates.Where(endpoint => IPAddress.TryParse(endpoint.Address, out var ip) && IsUnderlay(ip, pools))),
            BehindNat = NatJudgement.IsBehindNat(report, seen) ?? known.BehindNat,
            Site = report.Site,
            Role = report.Transit,
            Gathers = report.Gathers,
            Draining = report.IsDraining,
            UnderlayMtu = report.UnderlayMtu > 0 ? report.UnderlayMtu : known.UnderlayMtu,
        };
    }

    private static IEnumerable<EndpointRecord> OwnEndpoints(ImmutableArray<StoredGrant> grants, ReportedState report)
    {
        var granted = grants.Select(grant => IPNetwork.Parse(grant.Prefix)).ToArray();
        var outside = report.Endpoints
            .Where(endpoint => endpoint.Kind == (int)EndpointSource.Configured || !granted.Any(prefix => prefix.Contains(IPAddress.Parse(endpoint.Address))))
            .ToArray();
        // A grant may cover the underlay itself; then it tells nothing about where the workloads are.
        return outside.Length > 0 ? outside : report.Endpoints;
    }

    // IPv6 first; then by who says so; what two say is named once, by the better source.
    private static ImmutableArray<EndpointRecord> Order(IEnumerable<EndpointRecord> candidates) =>
    [
        .. candidates
            .OrderByDescending(endpoint => endpoint.Address.Contains(':', StringComparison.Ordinal))
            .ThenBy(endpoint => endpoint.Kind)
            .DistinctBy(endpoint => (endpoint.Address, endpoint.Port)),
    ];

    private static bool IsUnderlay(IPAddress address, IPNetwork[] pools) =>
        !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal && !address.IsIPv6Multicast
        && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) && !IsGroup4(address)
        && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
        && !pools.Any(pool => pool.Contains(address));

    // Multicast, reserved and broadcast: 224.0.0.0/3.
    private static bool IsGroup4(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= 224;
}
