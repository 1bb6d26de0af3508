using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel.Gathering;

/// <summary>
/// The rules of gathering, of one family:
/// <code>
/// 7400       the underlay's mark           go on at 7499
/// 7401       from an own underlay address  go on at 7499
/// 7410-7449  from a range, came by a link  its table, where the owner is one link away; where this node takes it out: 7499; else refused
/// 7450-7489  from a range                  its table; where this node has the packets, or nobody has and it falls back: 7499
/// 7499       nothing; the rules behind it, and main, decide as ever
/// </code>
/// What came by a link of the mesh goes to an owner's own link or nowhere, and what came to one that may own it leaves there: no packet takes more than two
/// links, so there is no loop, however long ago somebody wrote its table.
/// </summary>
internal static class GatherRules
{
    private const uint Spare = KernelNames.FirstGatherPriority, SpareAddress = Spare + 1, End = KernelNames.LastGatherPriority;
    private const uint CameByLink = 7410, Plain = CameByLink + GatheringPlanner.MostRanges;

    /// <summary>It is of gathering, if it is ours.</summary>
    internal static bool IsOurs(RuleInfo rule) => rule.Priority is >= KernelNames.FirstGatherPriority and <= KernelNames.LastGatherPriority;

    /// <summary>It leads packets that come from a workload, or from this node.</summary>
    internal static bool IsPlain(RuleInfo rule) => rule.Priority is >= Plain and < End;

    internal static IEnumerable<RuleInfo> Of(GatherState state, SystemPlan plan, AddressFamily family)
    {
        ImmutableArray<GatherChoice> choices = [.. state.Choices.Where(choice => choice.Range.Range.BaseAddress.AddressFamily == family)];
        if (choices.IsEmpty)
            yield break;
        var (mark, mask) = (plan.Kernel.FirewallMark, plan.Kernel.FirewallMask);
        var rule = new RuleInfo { Family = family, Priority = End, Action = RuleAction.NoOperation, Protocol = plan.Kernel.RouteProtocol };
        yield return rule;
        var goOn = rule with { Action = RuleAction.Goto, GoTo = End };
        yield return goOn with { Priority = Spare, Mark = mark, MarkMask = mask };
        foreach (var address in plan.Kernel.Gathering.Spared.Where(address => address.AddressFamily == family))
            yield return goOn with { Priority = SpareAddress, Source = Prefixes.Host(address) };
        for (var i = 0u; i < choices.Length; i++)
        {
            var choice = choices[(int)i];
            var ranged = goOn with { Source = choice.Range.Range };
            var cameByLink = ranged with { Priority = CameByLink + i, Mark = KernelNames.GatheredMark, MarkMask = mask };
            yield return choice.IsTakenOutHere ? cameByLink : LookUp(cameByLink, choice.Next?.Table ?? (choice.Way is { IsDirect: true } ? choice.Table : KernelNames.FirstGatherTable));
            var plain = ranged with { Priority = Plain + i };
            var isLetGo = choice.Owner?.IsSelf ?? plan.Kernel.Gathering.FallsBack;
            yield return isLetGo ? plain : LookUp(plain, choice.Table);
        }
    }

    /// <summary>
    /// Those that are to be removed, in the order in which nothing goes astray meanwhile: what leads packets, the plain ones first, so that none that came by a link
    /// comes to those; then what spares the underlay from being led; then where it is gone on; and the others.
    /// </summary>
    internal static IEnumerable<RuleInfo> InOrderOfRemoval(IEnumerable<RuleInfo> rules) => rules.OrderByDescending(rule => rule.Priority switch
    {
        _ when !IsOurs(rule) => 0u,
        End => 1u,
        var priority => priority,
    });

    private static RuleInfo LookUp(RuleInfo rule, uint table) => rule with { Action = RuleAction.Lookup, GoTo = 0, Table = table };
}
