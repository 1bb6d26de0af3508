using System.Net.Sockets;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// The machine's own policy rules, as far as marked packets come to them. What stands before ours holds for them anyhow. What stands behind
/// main's they would never reach, as ours end with a prohibition: a default route in <c>table default</c> or in one of the operator's own.
/// So each of those rules has a marked copy between the mirror and the prohibition. Their tables are none of the mesh's: no mirror is
/// needed.
/// </summary>
internal static class UnderlayRules
{
    private const uint LocalTable = 255;

    /// <summary>The tables that somebody else's rules look into beside main.</summary>
    internal static IEnumerable<uint> OtherTables(IEnumerable<RuleInfo> rules, KernelNames names) => rules
        .Where(rule => IsLookup(rule, names))
        .Select(rule => rule.Table)
        .Distinct();

    /// <summary>The copies of those behind main's whose tables hold anything, in their order.</summary>
    internal static IEnumerable<RuleInfo> CopiesBehindMain(KernelState state, KernelNames names, AddressFamily family, uint mark, uint mask) =>
        BehindMain(state, names, family)
            .Where(rule => !rule.HasMore && Catches(rule, mark))
            .Select(rule => rule with { Priority = KernelNames.LookupPriority, Mark = mark, MarkMask = mask, Protocol = names.Protocol })
            .Distinct();

    /// <summary>Those of which no copy can be made, as they ask for more than is read of them.</summary>
    internal static IEnumerable<RuleInfo> WithoutCopy(KernelState state, KernelNames names, uint mark) =>
        ((AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            .SelectMany(family => BehindMain(state, names, family))
            .Where(rule => rule.HasMore && Catches(rule, mark));

    /// <summary>
    /// Those that lead marked packets into main, and so into the mesh, before ours are asked. (What asks for main without its defaults does so
    /// only for prefixes that the mesh has learned.)
    /// </summary>
    internal static IEnumerable<RuleInfo> IntoMainBeforeOurs(IEnumerable<RuleInfo> rules, byte protocol, uint mark) =>
        rules.Where(rule => rule is { Action: RuleAction.Lookup, Table: RouteInfo.MainTable, Priority: < KernelNames.LookupPriority }
            && rule.Protocol != protocol && !rule.HasMore && Catches(rule, mark));

    private static IEnumerable<RuleInfo> BehindMain(KernelState state, KernelNames names, AddressFamily family) => state.Rules
        .Where(rule => rule.Family == family)
        .SkipWhile(rule => rule.Priority <= KernelNames.ProhibitPriority)
        .Where(rule => IsLookup(rule, names) && state.OtherRoutes.Any(route => route.Table == rule.Table && route.IsIPv6 == (family == AddressFamily.InterNetworkV6)));

    private static bool IsLookup(RuleInfo rule, KernelNames names) =>
        rule.Action == RuleAction.Lookup && rule.Protocol != names.Protocol
        && rule.Table is not (0 or LocalTable or RouteInfo.MainTable) && rule.Table != names.UnderlayTable;

    // WireGuard's packets are the machine's own, so to a rule they come in by lo.
    private static bool Catches(RuleInfo rule, uint mark) => rule.InputLink is null or "lo" && (mark & rule.MarkMask) == rule.Mark;
}
