using System.Collections.Immutable;
using Meshover.Agent.Trust;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>
/// When a kernel takes its peers' new keys. Two kernels that begin a handshake with each other in one moment both lose it, and begin none for
/// 5 s. Everybody hears of a key at about the same time: so the node that changes its key does it at once, its peers take that a moment later,
/// and where both change theirs the two take each other's one after the other. Until then the former sessions carry what they can. Pure.
/// </summary>
internal static class KernelKeyWaves
{
    /// <summary>By more than maps arrive apart. Two of them, and a handshake, are less than a second.</summary>
    internal static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(250);

    /// <summary>What to be before what the configuration says, each for <see cref="Apart"/>; empty where no peer changes its key.</summary>
    internal static IEnumerable<DataplaneConfig> Before(DataplaneConfig config, DataplaneStatus status)
    {
        var present = status.Peers.Select(peer => peer.PublicKey).ToHashSet();
        if (!config.Peers.Any(IsChanging))
            yield break;
        var own = WireGuardKeys.PublicOf(Convert.ToBase64String(config.PrivateKey.Bytes));
        yield return Holding(IsChanging);
        yield return Holding(peer => IsChanging(peer) && own.Bytes.SequenceCompareTo(peer.PublicKey.Bytes) > 0);

        bool IsChanging(PeerConfig peer) => peer.OtherPublicKey is { } former && present.Contains(former) && !present.Contains(peer.PublicKey);

        DataplaneConfig Holding(Predicate<PeerConfig> isHeld) =>
            config with { Peers = [.. config.Peers.Select(peer => isHeld(peer) ? AsBefore(peer) : peer)] };
    }

    private static PeerConfig AsBefore(PeerConfig peer) => peer with { PublicKey = peer.OtherPublicKey!.Value, OtherPublicKey = peer.PublicKey };
}
