namespace Meshover.Kube.Clusters;

/// <summary>A kind of object that there is one of for each node.</summary>
internal sealed record NodeResource(string Plural, string Kind, string Path)
{
    public static NodeResource Nodes { get; } = new("nodes", "Node", "api/v1/nodes");

    public static NodeResource CiliumNodes { get; } = new("ciliumnodes", "CiliumNode", $"{CiliumGroup}/ciliumnodes");

    /// <summary>What serves <see cref="CiliumNodes"/>, where Cilium's definitions are.</summary>
    public const string CiliumGroup = "apis/cilium.io/v2";
}
