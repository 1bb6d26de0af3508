using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;

namespace Meshover.Mesh.Gathering;

/// <summary>
/// What is gathered, by the map: ranges that nodes claim and that lie in their grants. A range that nobody may claim is none. Pure. O(c + g log g) for c
/// claims and g grants; nothing where nobody gathers.
/// </summary>
public static class GatheringPlanner
{
    /// <summary>Ranges of one family: each is two rules that every packet is held against.</summary>
    public const int MostRanges = 40;

    // What never leaves its link, or has no one destination (RFC 3927, 1112, 4291).
    private static readonly ImmutableArray<IPNetwork> NeverRouted =
        [.. ((string[])["169.254.0.0/16", "224.0.0.0/4", "fe80::/10", "ff00::/8"]).Select(prefix => IPNetwork.Parse(prefix))];

    internal static GatheringPlan Plan(MeshMap map, MeshNode me, NodeSettings settings, NodeHealth health)
    {
        if (!settings.Dataplane)
            return GatheringPlan.None;
        var all = Ranges(map, me, settings, health);
        ImmutableArray<GatheredRange> ranges = [.. all.GroupBy(range => range.Range.BaseAddress.AddressFamily).SelectMany(family => family.Take(MostRanges))];
        return ranges.IsEmpty ? GatheringPlan.None : new GatheringPlan
        {
            Ranges = ranges,
            Inside = Inside(map),
            Spared = [.. me.Endpoints.Select(endpoint => endpoint.EndPoint.Address).Distinct().Where(address => ranges.Any(range => range.Range.Contains(address)))],
            FallsBack = settings.GatherFallback,
        };
    }

    /// <summary>What this node's operator should know.</summary>
    internal static IEnumerable<Finding> Warnings(MeshMap map, MeshNode me, NodeSettings settings, NodeHealth health)
    {
        foreach (var range in settings.Gather.Where(range => !MayOwn(me, range)))
        {
            yield return new Finding(FindingKinds.GatheringNotGranted, $"{range}", $"{range} is to be gathered here but lies in no prefix that is granted to this node: nobody gathers it. "
                + $"An administrator grants it with `meshover grant add {me.HostName} {range}`.");
        }
        foreach (var family in Ranges(map, me, settings, health).GroupBy(range => range.Range.BaseAddress.AddressFamily))
        {
            if (family.Count() is not (var count and > MostRanges))
                continue;
            var name = family.Key == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
            yield return new Finding(FindingKinds.GatheringTooMany, name, $"{count} {name} ranges are to be gathered, of which a node takes {MostRanges}: "
                + $"from {family.ElementAt(MostRanges).Range} on they are not. Gather larger ranges.");
        }
    }

    private static IEnumerable<GatheredRange> Ranges(MeshMap map, MeshNode me, NodeSettings settings, NodeHealth health) => map.Nodes.Values
        // Of this node its own settings hold: they are newer than what the map says of it.
        .Select(node => (Node: node, Claims: node.Id == me.Id ? OwnClaims(settings, health) : node.Gathers))
        .SelectMany(claimed => claimed.Claims.Ranges.Where(range => MayOwn(claimed.Node, range)).Select(range => (claimed.Node, claimed.Claims, Range: range)))
        .GroupBy(claimed => claimed.Range)
        .Select(range => new GatheredRange(range.Key)
        {
            Owners = [.. range.Select(one => Owner(one.Node, one.Claims, range.Key, me)).OrderByDescending(owner => owner.Priority).ThenBy(owner => owner.Node)],
        })
        .OrderBy(range => range.Range.BaseAddress.AddressFamily)
        .ThenByDescending(range => range.Range.PrefixLength)
        .ThenBy(range => AddressNumber.Of(range.Range.BaseAddress));

    internal static GatherClaims OwnClaims(NodeSettings settings, NodeHealth health) =>
        new() { Ranges = settings.Gather, Priority = settings.GatherPriority, IsFailing = health.IsGatherFailing };

    private static GatherOwner Owner(MeshNode node, GatherClaims claims, IPNetwork range, MeshNode me) => new(
        node.Id, node.HostName, range.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? node.Address4 : node.Address6, claims.Priority, claims.IsFailing, node.Id == me.Id);

    /// <summary>The range lies in one of its grants, however long that lets it announce. A whole family is nobody's: that is a default route.</summary>
    private static bool MayOwn(MeshNode node, IPNetwork range) => range.PrefixLength > 0 && node.Grants.Any(grant =>
        grant.Prefix.PrefixLength <= range.PrefixLength && grant.Prefix.BaseAddress.AddressFamily == range.BaseAddress.AddressFamily && grant.Prefix.Contains(range.BaseAddress));

    private static ImmutableArray<IPNetwork> Inside(MeshMap map)
    {
        var granted = map.Nodes.Values.SelectMany(node => node.Grants).Select(grant => grant.Prefix).Where(prefix => prefix.PrefixLength > 0);
        return
        [
            .. Prefixes.Outermost([map.Settings.Pool4, map.Settings.Pool6, map.Settings.TunnelPool, .. NeverRouted, .. granted])
                .OrderBy(prefix => prefix.BaseAddress.AddressFamily)
                .ThenBy(prefix => AddressNumber.Of(prefix.BaseAddress)),
        ];
    }
}
