using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>How our things in the kernel are told from everybody else's: by these, and by nothing remembered.</summary>
/// <param name="Loopback">The interface that carries the node addresses.</param>
/// <param name="WireGuard">The WireGuard device.</param>
/// <param name="UnderlayTable">The table that mirrors the underlay's own routes.</param>
/// <param name="Protocol">rtproto of our routes, rules and addresses.</param>
internal sealed record KernelNames(string Loopback, string WireGuard, uint UnderlayTable, byte Protocol)
{
    internal const string FirewallTable = "meshover";

    /// <summary>The design's own, for where no plan says others.</summary>
    internal static readonly KernelNames Default = Of(NodeSettings.Default);

    internal bool IsOurs(string link) => link == Loopback || link == WireGuard || NodeId.IsLinkName(link);

    private static KernelNames Of(NodeSettings settings) =>
        new(settings.LoopbackInterface, settings.Interface, settings.UnderlayTable, settings.RouteProtocol);
}
