using System.Collections.Immutable;
using System.Net;
using Meshover.Kube.Clusters;

namespace Meshover.Kube.Watching;

/// <summary>Reads the prefixes of a node's pods from its object. Pure.</summary>
internal static class PodCidrs
{
    /// <param name="resource">What kind of object it is.</param>
    /// <param name="of">The object.</param>
    /// <returns>Each once, in an order of their own: that of the object has no meaning.</returns>
    /// <exception cref="FormatException">One of them is no prefix: nothing of the object can be used.</exception>
    public static ImmutableArray<IPNetwork> Of(NodeResource resource, ClusterObject of) =>
    [
        .. Texts(resource, of.Spec).Select(Parse).Distinct()
            .OrderBy(prefix => prefix.BaseAddress.AddressFamily).ThenBy(prefix => prefix.BaseAddress.ToString(), StringComparer.Ordinal).ThenBy(prefix => prefix.PrefixLength),
    ];

    private static IEnumerable<string> Texts(NodeResource resource, NodeSpec? spec) =>
        (resource == NodeResource.CiliumNodes ? OfCilium(spec?.Ipam) : OfNode(spec)).OfType<string>().Where(text => text.Length > 0);

    private static List<string?> OfNode(NodeSpec? spec) => spec?.PodCidrs is { Count: > 0 } all ? all : [spec?.PodCidr];

    // In the mode "multi-pool" Cilium leaves podCIDRs as a former mode had them (mutateNodeResource, pkg/nodediscovery), so pools that are asked for are all that counts,
    // whether or not they gave something yet.
    private static IEnumerable<string?> OfCilium(CiliumIpam? ipam) =>
        ipam?.Pools is { } pools && (pools.Requested is { Count: > 0 } || pools.Allocated is { Count: > 0 }) ? pools.Allocated?.SelectMany(pool => pool?.Cidrs ?? []) ?? [] : ipam?.PodCidrs ?? [];

    // .NET reads an address with a zone, too, as in fd44::%5/64.
    private static IPNetwork Parse(string text) =>
        !text.Contains('%', StringComparison.Ordinal) && IPNetwork.TryParse(text, out var prefix) ? prefix : throw new FormatException($"\"{(text.Length > 60 ? $"{text[..60]}…" : text)}\", which is no prefix");
}
