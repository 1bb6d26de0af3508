using System.Collections.Immutable;

namespace Meshover.Mesh.Planning;

/// <summary>
/// Whether the parts of two plans are the same, lists included (a record's own equality compares its arrays by reference). Whoever works by
/// a part need not look at a plan in which it did not change: in a large mesh something changes in each second.
/// </summary>
public static class NodePlanChanges
{
    /// <summary>What the data plane and the kernel are to be. Where a peer may be called is not among it: they call a peer once, when it is new.</summary>
    public static bool SameForSystem(NodePlan a, NodePlan b) =>
        a.Self == b.Self && SameAs(a.WireGuard, b.WireGuard) && a.Links.AsSpan().SequenceEqual(b.Links.AsSpan()) && SameAs(a.Kernel, b.Kernel);

    /// <summary>What FRR is to do.</summary>
    public static bool SameForRouting(NodePlan a, NodePlan b) =>
        a.Routing is { } routing && b.Routing is { } other ? SameAs(routing, other) : a.Routing is null && b.Routing is null;

    internal static bool SameAs(WireGuardPlan a, WireGuardPlan b) =>
        ReferenceEquals(a, b) || (a == b with { Routes = a.Routes, Peers = a.Peers } && Same(a.Peers, b.Peers, (x, y) => x == y with { Endpoints = x.Endpoints }));

    internal static bool SameAs(KernelPlan a, KernelPlan b) =>
        ReferenceEquals(a, b) || (a == b with { Unreachable = a.Unreachable } && a.Unreachable.AsSpan().SequenceEqual(b.Unreachable.AsSpan()));

    internal static bool SameAs(RoutingModel a, RoutingModel b) =>
        ReferenceEquals(a, b)
        || (a == b with { Networks = a.Networks, Grants = a.Grants, Neighbors = a.Neighbors }
            && a.Networks.AsSpan().SequenceEqual(b.Networks.AsSpan())
            && a.Grants.AsSpan().SequenceEqual(b.Grants.AsSpan())
            && Same(a.Neighbors, b.Neighbors, SameAs));

    private static bool SameAs(NeighborModel a, NeighborModel b) =>
        a == b with { MayOriginate = a.MayOriginate } && a.MayOriginate.AsSpan().SequenceEqual(b.MayOriginate.AsSpan());

    private static bool Same<T>(ImmutableArray<T> a, ImmutableArray<T> b, Func<T, T, bool> same)
    {
        if (a.Length != b.Length)
            return false;
        for (var i = 0; i < a.Length; i++)
        {
            if (!same(a[i], b[i]))
                return false;
        }
        return true;
    }
}
