namespace Meshover.Kube.Watching;

/// <summary>Which object of the cluster says what addresses the node's pods have.</summary>
internal enum SourceChoice
{
    /// <summary>Cilium's, where the cluster has that kind: Cilium writes into it what it uses, whatever its IPAM mode.</summary>
    Auto,

    /// <summary>Kubernetes' own: <c>spec.podCIDRs</c>.</summary>
    Node,

    /// <summary>Cilium's: <c>spec.ipam</c>.</summary>
    CiliumNode,
}
