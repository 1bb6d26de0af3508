using System.Collections.Immutable;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Identity;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

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
            if (seen is not null && IsAgreed(seen))
                agreed++;
            else if (seen is { LastReceiveAgeMs: >= 0 } && seen.LastReceiveAgeMs < EndpointChooser.WorkingFor.TotalMilliseconds)
                missing.Add(peer.Node);
        }
        return new KeyChangeProgress(plan.WireGuard.Peers.Length, agreed, missing.ToImmutable());

        bool IsAgreed(PeerStatus peer) => peer.AgreedAs is { } agreedAs ? agreedAs == key : IsSinceInUse(state, change, peer);
    }

    /// <summary>Whether the data plane has been given the keys of this very step.</summary>
    public static bool IsTold(AgentState state, KeyChange change) =>
        state.Wanted.Keys == change && state.Applied.Newest(Wanted.Dataplane, state.Wanted) >= state.Wanted.KeysSince;

    // The kernel and older engines do not tell which key a handshake was under. They have one: the new one as soon as they are told, when
    // Linux forgets peers with which there was a handshake under the former right before.
    private static bool IsSinceInUse(AgentState state, KeyChange change, PeerStatus peer) =>
        change.Stage == KeyChangeStage.InUse && IsTold(state, change) && peer.LastHandshakeAgeMs >= 0
        && state.DataplaneSeenAt.ToUnixTimeMilliseconds() - peer.LastHandshakeAgeMs >= change.UsedSinceMs;
}
