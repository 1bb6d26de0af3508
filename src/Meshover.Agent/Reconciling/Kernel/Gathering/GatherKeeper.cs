using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel.Gathering;

/// <summary>
/// Remembers who has the packets of each range, since when the others could, and which table is whose. An agent that starts anew finds that in the
/// kernel, so that no flow moves. Cost of a pass: a question for each owner and family, and a dump of each table of gathering; nothing where nobody gathers.
/// </summary>
/// <param name="wayTo">The route to a node's address; null: there is none.</param>
/// <param name="table">What stands in a table.</param>
internal sealed class GatherKeeper(Func<IPAddress, RouteInfo?> wayTo, Func<uint, IReadOnlyList<RouteInfo>> table, TimeProvider time)
{
    private readonly Dictionary<(NodeId Owner, AddressFamily Family), long> _wellSince = [];
    private Dictionary<IPNetwork, GatherChoice> _former = [];
    private HashSet<uint>? _tables;

    internal GatherState Look(GatheringPlan plan, KernelState state, KernelNames names)
    {
        ImmutableArray<RuleInfo> rules = [.. state.Rules.Where(rule => rule.Protocol == names.Protocol && GatherRules.IsOurs(rule))];
        // What an agent left that was ended between two steps is found once, by looking everywhere.
        if (_tables is null)
            _tables = [.. Enumerable.Range((int)KernelNames.FirstGatherTable, (int)(KernelNames.LastGatherTable - KernelNames.FirstGatherTable + 1)).Select(number => (uint)number)];
        else if (plan.Ranges.IsEmpty && _tables.Count == 0)
            return GatherState.Nothing;
        var routes = _tables.SelectMany(table).ToList();
        var choices = Choose(plan, rules, routes, state.Links, names);
        _former = choices.ToDictionary(choice => choice.Range.Range);
        _tables = [.. routes.Select(route => route.Table), .. choices.SelectMany(choice => choice.Tables), .. plan.Ranges.IsEmpty ? [] : (uint[])[KernelNames.FirstGatherTable]];
        return new GatherState { Choices = choices, Routes = routes };
    }

    private ImmutableArray<GatherChoice> Choose(
        GatheringPlan plan, ImmutableArray<RuleInfo> rules, List<RouteInfo> routes, IReadOnlyList<LinkInfo> links, KernelNames names)
    {
        var ways = Ways(plan, links, names);
        Count(plan, ways);
        var tables = Tables(plan, rules);
        var choices = plan.Ranges.Select(range => Choose(range, Present(range, rules, routes, ways, tables[range.Range]), tables[range.Range], ways));
        return [.. HandOn([.. choices], rules, ways)];
    }

    private GatherChoice Choose(GatheredRange range, NodeId? present, uint table, Dictionary<IPAddress, OwnerWay> ways)
    {
        var owner = OwnerChoice.Of(range.Owners, WellFor, one => one.IsSelf || ways.ContainsKey(one.Address), present);
        return new GatherChoice(range, table, owner, owner is null ? null : ways.GetValueOrDefault(owner.Address))
        {
            Usable = [.. range.Owners.Where(one => WellFor(one) is not null)],
        };
    }

    /// <summary>
    /// Where this node may own a range and cannot take packets out just now, what comes to it goes on to the first owner after it in the order that is well and
    /// a link away: never to one before it, as two of that kind would hand them to each other.
    /// </summary>
    private IEnumerable<GatherChoice> HandOn(ImmutableArray<GatherChoice> choices, ImmutableArray<RuleInfo> rules, Dictionary<IPAddress, OwnerWay> ways)
    {
        HashSet<uint> own = [.. choices.Select(choice => choice.Table)], taken = [.. own, .. rules.Select(rule => rule.Table)];
        foreach (var choice in choices)
        {
            if (choice.Range.Owners.SkipWhile(owner => !owner.IsSelf).ToList() is not [{ IsFailing: true }, .. var after]
                || after.Find(owner => WellFor(owner) is not null && ways[owner.Address].IsDirect) is not { } next)
            {
                yield return choice;
                continue;
            }
            var free = next == choice.Owner ? choice.Table : NextTable(choice.Range.Range, rules, own, taken);
            yield return free == 0 ? choice : choice with { Next = new HandedOn(next, ways[next.Address], free) };
        }
    }

    /// <summary>A table of its own, as what this node sends itself goes to another. The one that it has already; 0: none is free.</summary>
    private static uint NextTable(IPNetwork range, ImmutableArray<RuleInfo> rules, HashSet<uint> own, HashSet<uint> taken)
    {
        if (rules.FirstOrDefault(rule => rule.Source == range && !GatherRules.IsPlain(rule) && rule.Table > KernelNames.FirstGatherTable && !own.Contains(rule.Table)) is { } standing)
            return standing.Table;
        for (var table = KernelNames.FirstGatherTable + 1; table <= KernelNames.LastGatherTable; table++)
        {
            if (taken.Add(table))
                return table;
        }
        return 0;
    }

    private Dictionary<IPAddress, OwnerWay> Ways(GatheringPlan plan, IReadOnlyList<LinkInfo> links, KernelNames names)
    {
        var own = links.Where(link => names.IsOurs(link.Name)).ToDictionary(link => link.Index, link => link.Name);
        var ways = new Dictionary<IPAddress, OwnerWay>();
        foreach (var owner in plan.Ranges.SelectMany(range => range.Owners).Where(owner => !owner.IsSelf).DistinctBy(owner => owner.Address))
        {
            if (wayTo(owner.Address) is not { Kind: RouteKind.Unicast } route || route.Destination != Prefixes.Host(owner.Address))
                continue;
            int[] by = [.. UnderlayMirror.LinksOf(route).Where(link => link != 0)];
            if (by.All(own.ContainsKey) && (by.Length > 0 || route.NextHopId != 0))
                ways[owner.Address] = new OwnerWay(route, by is [var only] && own[only] == owner.Node.LinkName) { Links = [.. by.Select(link => own[link])] };
        }
        return ways;
    }

    /// <summary>Since when each could take packets: the time begins anew when it could not in between.</summary>
    private void Count(GatheringPlan plan, Dictionary<IPAddress, OwnerWay> ways)
    {
        var now = time.GetTimestamp();
        var well = plan.Ranges.SelectMany(range => range.Owners).Where(owner => !owner.IsFailing && (owner.IsSelf || ways.ContainsKey(owner.Address))).Select(Key).ToHashSet();
        foreach (var gone in _wellSince.Keys.Where(key => !well.Contains(key)).ToList())
            _wellSince.Remove(gone);
        foreach (var key in well)
            _wellSince.TryAdd(key, now);
    }

    private TimeSpan? WellFor(GatherOwner owner) => _wellSince.TryGetValue(Key(owner), out var since) ? time.GetElapsedTime(since) : null;

    private static (NodeId, AddressFamily) Key(GatherOwner owner) => (owner.Node, owner.Address.AddressFamily);

    /// <summary>Who had the packets before this pass: as remembered, else as the kernel has it.</summary>
    private NodeId? Present(GatheredRange range, ImmutableArray<RuleInfo> rules, List<RouteInfo> routes, Dictionary<IPAddress, OwnerWay> ways, uint number)
    {
        if (_former.TryGetValue(range.Range, out var former))
            return former.Owner?.Node;
        if (rules.FirstOrDefault(rule => rule.Source == range.Range && GatherRules.IsPlain(rule)) is not { } standing)
            return null;
        if (standing.Action == RuleAction.Goto)
            return range.Owners.FirstOrDefault(owner => owner.IsSelf)?.Node;
        return routes.Find(route => route.Table == number && route.Kind == RouteKind.Unicast && route.IsIPv6 == (range.Range.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6)) is { } leads
            ? range.Owners.FirstOrDefault(owner => ways.GetValueOrDefault(owner.Address)?.Leads(leads) == true)?.Node
            : null;
    }

    /// <summary>A range keeps its table for as long as it stands; a new one gets the first that nothing stands in.</summary>
    private Dictionary<IPNetwork, uint> Tables(GatheringPlan plan, ImmutableArray<RuleInfo> rules)
    {
        var standing = rules.Where(rule => rule is { Source: not null, Table: > KernelNames.FirstGatherTable } && GatherRules.IsPlain(rule)).ToLookup(rule => rule.Source!.Value, rule => rule.Table);
        var tables = new Dictionary<IPNetwork, uint>();
        foreach (var range in plan.Ranges.Select(range => range.Range))
        {
            var kept = _former.TryGetValue(range, out var former) ? former.Table : standing[range].FirstOrDefault();
            if (kept != 0 && !tables.ContainsValue(kept))
                tables[range] = kept;
        }
        HashSet<uint> taken = [.. tables.Values, .. rules.Select(rule => rule.Table), KernelNames.FirstGatherTable];
        var next = KernelNames.FirstGatherTable;
        foreach (var range in plan.Ranges.Select(range => range.Range).Where(range => !tables.ContainsKey(range)))
        {
            while (taken.Contains(next))
                next++;
            tables[range] = next;
            taken.Add(next);
        }
        return tables;
    }
}
