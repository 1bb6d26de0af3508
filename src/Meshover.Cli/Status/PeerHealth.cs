using Meshover.Contract.V1;

namespace Meshover.Cli.Status;

internal static class PeerHealth
{
    /// <summary>Packets get there, directly or by way of a transit node.</summary>
    public static bool IsReachable(PeerStatus peer) => peer.Path is "direct" or "transit";
}
