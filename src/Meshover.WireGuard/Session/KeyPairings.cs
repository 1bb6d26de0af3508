using System.Collections.Immutable;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// By which keys the two ends know each other. Each has one, or two while it changes it: handshakes are begun between the first of each, those
/// of the peer's are taken between any. Control thread.
/// </summary>
internal sealed class KeyPairings(SessionContext context, ImmutableArray<WireGuardKey> keys) : IDisposable
{
    private const long CookieLatency = 5_000; // a cookie is not used in its last moments: it must still be good when it arrives

    // A peer that has not heard of our key yet, or has lost its own new one, is still to be had by the former ones.
    private const int TriesPerFormerKeys = 3;

    private readonly List<KeyPairing> _known = []; // each made when it is first needed: it costs a multiplication on the curve
    private SecretKey _presharedKey = new(new byte[SecretKey.Length]);

    /// <summary>The peer's public keys, the preferred first.</summary>
    public ImmutableArray<WireGuardKey> PeerKeys { get; private set; } = keys;

    public void SetPresharedKey(ReadOnlySpan<byte> key)
    {
        var former = _presharedKey;
        _presharedKey = new SecretKey(key);
        _known.ForEach(one => one.Peer.PresharedKey = _presharedKey);
        former.Dispose();
    }

    /// <summary>Ours are others now, or the peer has these: lets go of what was between keys that one end has no more.</summary>
    public void KeysChanged(ImmutableArray<WireGuardKey> peerKeys)
    {
        PeerKeys = peerKeys;
        foreach (var gone in _known.Where(one => !IsValid(one, peerKeys)).ToList())
        {
            _known.Remove(gone);
            gone.Dispose();
        }
    }

    /// <summary>Whether both ends have these keys still.</summary>
    public bool IsValid(KeyPairing one, ImmutableArray<WireGuardKey> peerKeys) =>
        peerKeys.Contains(one.Peer.PublicKey) && context.OwnKeys.Contain(one.Self);

    /// <summary>
    /// With which keys to begin a handshake, the preferred ones mostly; null if we have none, or all of the peer's are of low order.
    /// </summary>
    /// <param name="attempt">How many have been begun in vain.</param>
    public KeyPairing? ForAttempt(int attempt)
    {
        var ours = context.OwnKeys.All;
        if (ours.IsEmpty)
            return null;
        var pairs = ours.Length * PeerKeys.Length;
        var isFormer = pairs > 1 && attempt % TriesPerFormerKeys == TriesPerFormerKeys - 1;
        var first = isFormer ? 1 + (attempt / TriesPerFormerKeys % (pairs - 1)) : 0;
        for (var i = 0; i < pairs; i++)
        {
            var pair = (first + i) % pairs;
            if (Between(ours[pair % ours.Length].Identity, PeerKeys[pair / ours.Length]) is { IsUsable: true } known)
                return known;
        }
        return null;
    }

    /// <param name="self">One of ours.</param>
    /// <param name="peer">One of the peer's.</param>
    public KeyPairing Between(LocalIdentity self, WireGuardKey peer)
    {
        var known = _known.Find(one => ReferenceEquals(one.Self, self) && one.Peer.PublicKey == peer);
        if (known is not null)
            return known;
        known = new KeyPairing(
            self, new RemoteIdentity(self, peer, _presharedKey), new CookieGenerator(peer, context.Times.CookieRefreshTime - CookieLatency));
        _known.Add(known);
        return known;
    }

    /// <summary>The answer to the message that was sent last, whichever keys that was between.</summary>
    public bool TryConsumeCookie(ReadOnlySpan<byte> reply, long now)
    {
        foreach (var one in _known)
        {
            if (one.Cookies.TryConsume(reply, now))
                return true;
        }
        return false;
    }

    public void Dispose()
    {
        _known.ForEach(one => one.Dispose());
        _known.Clear();
        _presharedKey.Dispose();
    }
}
