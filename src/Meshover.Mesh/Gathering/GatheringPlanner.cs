using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;

namespace Meshover.Mesh.Gathering;

/// <summary>
/// What is gathered, by the map: ranges that nodes claim and that lie in grants of theirs which allow it. A range that nobody may claim is none. Pure. O(c log c + g log g) for c
/// claims and g grants; nothing where nobody gathers.
/// </summary>
public static class GatheringPlanner
{
    /// <summary>Ranges of one family: each is two rules that every packet is held against.</summary>
    public const int MostRanges = 40;

    private const int MostNamed = 5;

    // What never leaves its link, or has no one destination (RFC 3927, 1112, 4291).
    private static readonly ImmutableArray<IPNetwork> NeverRouted =
        [.. ((string[])["169.254.0.0/16", "224.0.0.0/4", "fe80::/10", "ff00::/8"]).Select(prefix => IPNetwork.Parse(prefix))];

    internal static GatheringPlan Plan(MeshMap map, MeshNode me, NodeSettings settings, NodeHealth health)
    {
        if (!settings.Dataplane)
            return GatheringPlan.None;
        var all = Ranges(map, me, settings, health);
        ImmutableArray<GatheredRange> ranges = [.. all.Where(range => range.Place < MostRanges).Select(range => range.Range)];
        return ranges.IsEmpty ? GatheringPlan.None : new GatheringPlan
        {
            Ranges = ranges,
            Inside = Inside(map),
            Spared = [.. OwnAddresses(me, health).Distinct().Where(address => ranges.Any(range => range.Range.Contains(address)))],
            FallsBack = settings.GatherFallback,
        };
    }

    /// <summary>What this node's operator should know.</summary>
    internal static IEnumerable<Finding> Warnings(MeshMap map, MeshNode me, NodeSettings settings, NodeHealth health)
    {
        foreach (var range in settings.Gather.Where(range => !MayOwn(me, range)))
        {
            yield return new Finding(FindingKinds.GatheringNotGranted, $"{range}", $"{range} is to be gathered here but lies in no prefix that this node is granted for gathering: nobody gathers it. "
                + $"An administrator grants it with `meshover grant add {me.HostName} {range} --gather`.");
        }
        if (settings.Gather.Where(range => MayOwn(me, range)).Except(me.Gathers.Ranges).ToList() is { Count: > 0 } untold)
        {
            yield return new Finding(FindingKinds.GatheringUntold, "", $"The others do not know that {string.Join(", ", untold)} is gathered here: the controller has not told them. "
                + "If that stays, its release is too old for it, or it does not answer.");
        }
        foreach (var node in map.Nodes.Values.Where(node => node.Gathers.IsPartial))
        {
            yield return new Finding(FindingKinds.GatheringPartial, node.HostName, $"{node.HostName} gathers more ranges than this release can read or takes from one node "
                + $"({GatherClaims.MostRanges}): of those, packets that come up here leave here. Upgrade this node.");
        }
        foreach (var left in Ranges(map, me, settings, health).Where(range => range.Place >= MostRanges).GroupBy(range => range.Range.Range.BaseAddress.AddressFamily))
        {
            var family = left.Key == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
            yield return new Finding(FindingKinds.GatheringTooMany, family, $"{MostRanges + left.Count()} {family} ranges are to be gathered, of which a node takes {MostRanges}, "
                + $"in turn of each node that gathers: not {string.Join(", ", left.Take(MostNamed).Select(range => range.Range.Range))}{(left.Count() > MostNamed ? ", …" : "")}, "
                + "whose packets leave by each node's own default route. Gather larger ranges.");
        }
    }

    /// <summary>All of them, each with its place in the order in which they are taken: the first of each node, then the second of each, so that nobody has all.</summary>
    private static IEnumerable<(GatheredRange Range, int Place)> Ranges(MeshMap map, MeshNode me, NodeSettings settings, NodeHealth health) => map.Nodes.Values
        // Of this node its own settings hold: they are newer than what the map says of it.
        .Select(node => (Node: node, Claims: node.Id == me.Id ? OwnClaims(settings, health) : node.Gathers))
        .SelectMany(Claimed)
        .GroupBy(claim => claim.Range)
        .Select(range => (Turn: range.Min(claim => (claim.Turn, claim.Node.Id)), Range: new GatheredRange(range.Key)
        {
            Owners = [.. range.Select(one => Owner(one.Node, one.Claims, range.Key, me)).OrderByDescending(owner => owner.Priority).ThenBy(owner => owner.Node)],
        }))
        .GroupBy(range => range.Range.Range.BaseAddress.AddressFamily)
        .SelectMany(family => family.OrderBy(range => range.Turn).Select((range, place) => (range.Range, Place: place)))
        .OrderBy(range => range.Range.Range.BaseAddress.AddressFamily)
        .ThenByDescending(range => range.Range.Range.PrefixLength)
        .ThenBy(range => AddressNumber.Of(range.Range.Range.BaseAddress));

    private static IEnumerable<(MeshNode Node, GatherClaims Claims, IPNetwork Range, int Turn)> Claimed((MeshNode Node, GatherClaims Claims) node) => node.Claims.Ranges
        .Where(range => MayOwn(node.Node, range))
        .Take(GatherClaims.MostRanges)
        .GroupBy(range => range.BaseAddress.AddressFamily)
        .SelectMany(family => family.Select((range, turn) => (node.Node, node.Claims, range, turn)));

    /// <summary>An address in its own grants is a workload's that lives on the machine itself: its packets are gathered as any.</summary>
    private static IEnumerable<IPAddress> OwnAddresses(MeshNode me, NodeHealth health) => me.Endpoints.Select(endpoint => endpoint.EndPoint.Address)
        .Concat(health.Addresses.Where(address => !me.Grants.Any(grant => grant.Prefix.Contains(address))));

    internal static GatherClaims OwnClaims(NodeSettings settings, NodeHealth health) =>
        new() { Ranges = settings.Gather, Priority = settings.GatherPriority, IsFailing = health.IsGatherFailing };

    private static GatherOwner Owner(MeshNode node, GatherClaims claims, IPNetwork range, MeshNode me) => new(
        node.Id, node.HostName, range.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? node.Address4 : node.Address6, claims.Priority, claims.IsFailing, node.Id == me.Id)
    {
        Share = Share(node.Id, me.Id),
    };

    /// <summary>
    /// The weight of an owner for one node, by both ids (rendezvous hashing: Thaler and Ravishankar, IEEE/ACM Transactions on Networking 6(1), 1998), mixed as SplitMix64 does (Steele, Lea and
    /// Flood, OOPSLA 2014). A node that gathers itself is its own first choice: there its packets have the shortest way.
    /// </summary>
    private static ulong Share(NodeId owner, NodeId me)
    {
        if (owner == me)
            return ulong.MaxValue;
        var mixed = ((ulong)me.Value << 32 | owner.Value) * 0x9e3779b97f4a7c15;
        mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
        return mixed ^ mixed >> 31;
    }

    /// <summary>
    /// The range lies in one of its grants that allows gathering, however long that lets it announce: who may announce an aggregate may not for that have
    /// what others send. A whole family is nobody's: that is a default route.
    /// </summary>
    private static bool MayOwn(MeshNode node, IPNetwork range) => range.PrefixLength > 0 && node.Grants.Any(grant =>
        grant.MayGather && grant.Prefix.PrefixLength <= range.PrefixLength && grant.Prefix.BaseAddress.AddressFamily == range.BaseAddress.AddressFamily && grant.Prefix.Contains(range.BaseAddress));

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
