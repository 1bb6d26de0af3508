using Meshover.Contract.V1;

namespace Meshover.Cli.Status;

internal static class PeerHealth
{
    /// <summary>Packets get there, directly or by way of a transit node.</summary>
    public static bool IsReachable(PeerStatus peer) => peer.Path is "direct" or "transit";

    /// <summary>Reachable, or no fault of this node's: a machine that is off is shown as that, and makes nobody else's state worse.</summary>
    public static bool IsNoFaultOfOurs(PeerStatus peer) => IsReachable(peer) || peer.Silent;
}
