using System.Collections.Immutable;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Identity;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Trust;

/// <summary>Who has a session under the new key.</summary>
/// <param name="Peers">All.</param>
/// <param name="Agreed">How many have.</param>
/// <param name="Missing">Those that have not, though they are reached.</param>
internal sealed record KeyChangeProgress(int Peers, int Agreed, ImmutableArray<NodeId> Missing)
{
    public bool IsWhole => Agreed == Peers;

    public static KeyChangeProgress Of(AgentState state, NodeIdentity identity)
    {
        if (state.Plan is not { } plan || identity.KeyChange is not { } change)
            return new KeyChangeProgress(0, 0, []);
        var key = new WireGuardKey(WireGuardKeys.Newest(identity).Bytes);
        var status = PeerStatuses.Of(state.Dataplane);
        var agreed = 0;
        var missing = ImmutableArray.CreateBuilder<NodeId>();
        foreach (var peer in plan.WireGuard.Peers)
        {
            var seen = status.Find(peer);
            if (seen is not null && IsAgreed(seen, key, change))
                agreed++;
            else if (seen is { LastReceiveAgeMs: >= 0 } && seen.LastReceiveAgeMs < EndpointChooser.WorkingFor.TotalMilliseconds)
                missing.Add(peer.Node);
        }
        return new KeyChangeProgress(plan.WireGuard.Peers.Length, agreed, missing.ToImmutable());

        // The kernel and older engines do not tell; with them a handshake is under the one key that they have.
        bool IsAgreed(PeerStatus peer, WireGuardKey newest, KeyChange change) => peer.AgreedAs is { } agreedAs
            ? agreedAs == newest
            : change.UsedSince > 0 && peer.LastHandshakeAgeMs >= 0 && state.DataplaneSeenAt.ToUnixTimeMilliseconds() - peer.LastHandshakeAgeMs >= change.UsedSince * 1000;
    }
}
