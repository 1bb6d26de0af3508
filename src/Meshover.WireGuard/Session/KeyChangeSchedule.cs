using System.Collections.Immutable;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Session;

/// <summary>
/// Between which keys the last handshake with a peer was. Where an end has another key since, sessions go on and are agreed anew: soon, so
/// that the former key can be given up, but not with all peers in one moment. Milliseconds; control thread.
/// </summary>
internal sealed class KeyChangeSchedule(SessionContext context)
{
    /// <summary>A peer that did not answer, or answered the former key, may not have heard of the new one yet.</summary>
    private const long RetryInterval = 60_000;

    private int _spread;
    private long _dueAt;

    /// <summary>Null: there was no handshake.</summary>
    public AgreedKeys? Last { get; private set; }

    /// <summary>There is a session, and an end may have another key.</summary>
    /// <param name="peerKeys">The preferred first.</param>
    /// <param name="spread">The session is to be agreed anew at some moment within this time, above 0.</param>
    public void KeysChanged(ImmutableArray<WireGuardKey> peerKeys, int spread)
    {
        if (!IsBetweenPreferred(peerKeys))
            (_spread, _dueAt) = (spread, 0);
    }

    public void Completed(AgreedKeys agreed, ImmutableArray<WireGuardKey> peerKeys)
    {
        Last = agreed;
        if (IsBetweenPreferred(peerKeys))
            (_spread, _dueAt) = (0, 0);
    }

    /// <summary>Whether a session is to be agreed anew now.</summary>
    public bool IsDue(long now)
    {
        if (_spread > 0)
            (_spread, _dueAt) = (0, now + context.Entropy.Below(_spread));
        if (_dueAt == 0 || now < _dueAt)
            return false;
        _dueAt = now + RetryInterval;
        return true;
    }

    private bool IsBetweenPreferred(ImmutableArray<WireGuardKey> peerKeys) =>
        Last is { } last && last.Theirs == peerKeys[0] && last.Ours == context.OwnKeys.PublicKey;
}
