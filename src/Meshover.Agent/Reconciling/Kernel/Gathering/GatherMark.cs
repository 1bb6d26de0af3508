using System.Collections.Immutable;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel.Gathering;

/// <summary>What the firewall marks, and how, in the words of <c>nft -j</c>. Without it, on a kernel without nftables, the rules cannot tell where a packet came from.</summary>
/// <param name="Matches">One for each family that is gathered.</param>
/// <param name="Statement">Sets the mark, and leaves the bits alone that are others'.</param>
internal sealed record GatherMark(ImmutableArray<(string Family, string Json)> Matches, string Statement)
{
    internal static GatherMark? Of(KernelPlan plan) => plan.Gathering.Ranges.IsEmpty
        ? null
        : new GatherMark(
            [.. NftPrefixes.ByFamily(Prefixes.Outermost(plan.Gathering.Ranges.Select(range => range.Range))).Select(family => (NftPrefixes.Name(family.Key), NftPrefixes.Match("saddr", "==", family)))],
            $$$"""{"mangle":{"key":{"meta":{"key":"mark"} },"value":{"|":[{"&":[{"meta":{"key":"mark"} },{{{~plan.FirewallMask}}}]},{{{KernelNames.GatheredMark}}}]} } }""");
}
