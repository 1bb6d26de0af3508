using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>What the data plane says of each peer, found by either key that the peer has.</summary>
internal sealed class PeerStatuses
{
    private readonly Dictionary<WireGuardKey, PeerStatus> _byKey;

    private PeerStatuses(Dictionary<WireGuardKey, PeerStatus> byKey) => _byKey = byKey;

    public static PeerStatuses Of(DataplaneStatus? status) => new((status?.Peers ?? []).ToDictionary(peer => peer.PublicKey));

    /// <summary>Null: the data plane does not have it (yet).</summary>
    public PeerStatus? Find(WireGuardPeerPlan peer) => Find(peer.PublicKey) ?? (peer.OtherKey is { } other ? Find(other) : null);

    private PeerStatus? Find(WireGuardPublicKey key) => _byKey.GetValueOrDefault(new WireGuardKey(key.Bytes));
}
