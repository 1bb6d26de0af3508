using Meshover.Linux.Netlink;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>Whether the kernel can carry the packets itself.</summary>
public static class KernelCapability
{
    // In this order: where WireGuard is missing, GRE's module, which adds devices to every namespace, is not loaded for nothing.
    private static readonly (LinkKind Kind, string Name)[] Needed = [(LinkKind.WireGuard, "WireGuard"), (LinkKind.Gre, "GRE")];

    /// <summary>
    /// Looks without leaving anything behind (the kernel may load a module), in the network namespace of the calling thread.
    /// </summary>
    /// <returns>Null: it can; else one sentence that says what is missing.</returns>
    public static string? WhyNot()
    {
        using var netlink = new RouteNetlink();
        return WhyNot(netlink);
    }

    internal static string? WhyNot(IRouteNetlink netlink)
    {
        foreach (var (kind, name) in Needed)
        {
            if (netlink.WhyNot(kind) is { } error)
                return error.IsNotSupported ? $"This kernel has no {name}." : $"The kernel's {name} cannot be used: {error.Message}.";
        }
        return null;
    }
}
