using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>Prefixes in the words of <c>nft -j</c>.</summary>
internal static class NftPrefixes
{
    /// <summary>A family has headers of its own: one group for each that is there.</summary>
    internal static IEnumerable<IGrouping<AddressFamily, IPNetwork>> ByFamily(IEnumerable<IPNetwork> prefixes) => prefixes.GroupBy(prefix => prefix.BaseAddress.AddressFamily).OrderBy(family => family.Key);

    /// <summary>IPv4, IPv6.</summary>
    internal static string Name(AddressFamily family) => family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";

    /// <param name="field">saddr, daddr.</param>
    /// <param name="op">Whether the address lies in one of them (==) or in none (!=).</param>
    /// <param name="prefixes">Of one family; none lies in another, as the elements of a set may not overlap.</param>
    internal static string Match(string field, string op, IEnumerable<IPNetwork> prefixes)
    {
        IPNetwork[] sorted = [.. prefixes.OrderBy(prefix => AddressNumber.Of(prefix.BaseAddress))];
        var header = sorted[0].BaseAddress.AddressFamily == AddressFamily.InterNetwork ? "ip" : "ip6";
        return $$$"""
            {"match":{"op":"{{{op}}}","left":{"payload":{"protocol":"{{{header}}}","field":"{{{field}}}"} },"right":{"set":[{{{string.Join(',', sorted.Select(Json))}}}]} } }
            """;
    }

    private static string Json(IPNetwork prefix) => $$$"""{"prefix":{"addr":"{{{prefix.BaseAddress}}}","len":{{{prefix.PrefixLength}}}} }""";
}
