using Meshover.Linux.WireGuard;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>
/// When each peer was last heard. The kernel tells only how many bytes have come from it: who looks each second knows it to a second.
/// </summary>
internal sealed class ReceiveAges(TimeProvider time)
{
    /// <summary>REJECT_AFTER_TIME: a session without a handshake for so long is dead (WireGuard's whitepaper, section 6.1).</summary>
    private static readonly TimeSpan SessionLife = TimeSpan.FromSeconds(180);

    private readonly Dictionary<CurveKey, (long Bytes, long At)> _seen = [];

    /// <summary>
    /// Milliseconds; -1: never. A peer that is met with a live session is taken to have been heard just now, so that nobody looks for
    /// another way to it before it was silent for a while.
    /// </summary>
    internal long Observe(WireGuardPeerInfo peer, TimeSpan? handshakeAge)
    {
        var now = time.GetTimestamp();
        if (!_seen.TryGetValue(peer.PublicKey, out var last))
        {
            if (handshakeAge is null || peer.RxBytes == 0)
                return -1;
            var at = handshakeAge < SessionLife ? now : now - (long)(handshakeAge.Value.TotalSeconds * time.TimestampFrequency);
            _seen[peer.PublicKey] = last = (peer.RxBytes, at);
        }
        else if (peer.RxBytes != last.Bytes)
        {
            // Fewer: the peer was removed and added, or the device made anew, and the counter began again.
            _seen[peer.PublicKey] = last = (peer.RxBytes, peer.RxBytes > 0 ? now : last.At);
        }
        return (long)time.GetElapsedTime(last.At, now).TotalMilliseconds;
    }

    /// <summary>Forgets all peers but these.</summary>
    internal void Keep(IReadOnlyCollection<CurveKey> peers)
    {
        if (_seen.Count <= peers.Count)
            return;
        foreach (var gone in _seen.Keys.Except(peers).ToList())
            _seen.Remove(gone);
    }
}
