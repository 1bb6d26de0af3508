using System.Text.Json.Serialization;

namespace Meshover.Kube.Clusters;

/// <summary>
/// What is read of a Node (Kubernetes' API, core/v1), a CiliumNode (cilium.io/v2) or a Status; all else in them is passed over. Anything may be missing.
/// </summary>
internal sealed record ClusterObject
{
    public string? Kind { get; init; }

    public ObjectMetadata? Metadata { get; init; }

    public NodeSpec? Spec { get; init; }

    /// <summary>Of a Status: as HTTP's.</summary>
    public int? Code { get; init; }

    /// <summary>Of a Status.</summary>
    public string? Message { get; init; }
}

internal sealed record ObjectMetadata
{
    public string? Name { get; init; }

    /// <summary>Opaque: only given back to the server.</summary>
    public string? ResourceVersion { get; init; }
}

internal sealed record NodeSpec
{
    /// <summary>Of a Node: the first of the others, and alone where a cluster is older than 1.16.</summary>
    [JsonPropertyName("podCIDR")]
    public string? PodCidr { get; init; }

    [JsonPropertyName("podCIDRs")]
    public List<string?>? PodCidrs { get; init; }

    /// <summary>Of a CiliumNode.</summary>
    public CiliumIpam? Ipam { get; init; }
}

/// <summary>What Cilium gives out addresses from.</summary>
internal sealed record CiliumIpam
{
    /// <summary>Of the modes "cluster-pool" (by the operator) and "kubernetes" (as the Node has them).</summary>
    [JsonPropertyName("podCIDRs")]
    public List<string?>? PodCidrs { get; init; }

    /// <summary>Of the mode "multi-pool".</summary>
    public CiliumPools? Pools { get; init; }
}

internal sealed record CiliumPools
{
    public List<CiliumAllocation?>? Allocated { get; init; }

    /// <summary>What the node's agent wants, empty in all other modes.</summary>
    public List<CiliumRequest?>? Requested { get; init; }
}

internal sealed record CiliumAllocation
{
    public string? Pool { get; init; }

    public List<string?>? Cidrs { get; init; }
}

/// <summary>How many addresses are wanted of a pool; nothing of it is read.</summary>
internal sealed record CiliumRequest;

internal sealed record ObjectList
{
    public ObjectMetadata? Metadata { get; init; }

    public List<ClusterObject?>? Items { get; init; }
}

/// <summary>A line of a watch.</summary>
internal sealed record WatchLine
{
    /// <summary>ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, whose object is a Status.</summary>
    public string? Type { get; init; }

    public ClusterObject? Object { get; init; }
}

/// <summary>What a group of the API serves.</summary>
internal sealed record ResourceList
{
    public List<ResourceEntry?>? Resources { get; init; }
}

internal sealed record ResourceEntry
{
    public string? Name { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ClusterObject))]
[JsonSerializable(typeof(ObjectList))]
[JsonSerializable(typeof(WatchLine))]
[JsonSerializable(typeof(ResourceList))]
internal sealed partial class ClusterJson : JsonSerializerContext;
