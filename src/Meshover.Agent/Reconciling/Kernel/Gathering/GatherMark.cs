using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel.Gathering;

/// <summary>What the firewall marks, and how, in the words of <c>nft -j</c>. Without it, on a kernel without nftables, the rules cannot tell where a packet came from.</summary>
/// <param name="Matches">One for each family that is gathered.</param>
/// <param name="Statement">Sets the mark, and leaves the bits alone that are others'.</param>
internal sealed record GatherMark(ImmutableArray<(string Family, string Json)> Matches, string Statement)
{
    internal static GatherMark? Of(KernelPlan plan)
    {
        if (plan.Gathering.Ranges.IsEmpty)
            return null;
        // The elements of a set may not overlap.
        var ranges = Prefixes.Outermost(plan.Gathering.Ranges.Select(range => range.Range)).GroupBy(range => range.BaseAddress.AddressFamily).OrderBy(family => family.Key);
        return new GatherMark(
            [.. ranges.Select(family => family.Key == AddressFamily.InterNetwork ? ("IPv4", Match("ip", family)) : ("IPv6", Match("ip6", family)))],
            $$$"""{"mangle":{"key":{"meta":{"key":"mark"} },"value":{"|":[{"&":[{"meta":{"key":"mark"} },{{{~plan.FirewallMask}}}]},{{{KernelNames.GatheredMark}}}]} } }""");
    }

    private static string Match(string protocol, IEnumerable<IPNetwork> ranges) => $$$"""
        {"match":{"op":"==","left":{"payload":{"protocol":"{{{protocol}}}","field":"saddr"} },"right":{"set":[{{{string.Join(',', ranges.OrderBy(range => AddressNumber.Of(range.BaseAddress)).Select(Prefix))}}}]} } }
        """;

    private static string Prefix(IPNetwork range) => $$$"""{"prefix":{"addr":"{{{range.BaseAddress}}}","len":{{{range.PrefixLength}}}} }""";
}
