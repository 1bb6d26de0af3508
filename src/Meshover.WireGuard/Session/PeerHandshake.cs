using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// The handshakes with one peer: the one that we began and that waits for its answer, and the answering of the peer's. The two do not
/// touch each other, so that ends which begin at the same moment are both served. Knows no timers and no sessions; control thread.
/// </summary>
internal sealed class PeerHandshake(SessionContext context, ImmutableArray<WireGuardKey> peerKeys) : IDisposable
{
    // Whoever sees our initiations can answer them falsely, and have us work for it.
    private const int MaxForgeries = 3;

    private readonly KeyPairings _pairings = new(context, peerKeys);
    private InitiatorHandshake? _begun;
    private IndexEntry? _begunEntry;
    private KeyPairing? _begunBetween;
    private int _attempts;
    private int _forgeries;
    private Tai64n _lastTimestampSent;
    private long _lastInitiation = long.MinValue / 2;

    /// <summary>As <see cref="PeerSession.NewestTimestamp"/>.</summary>
    public Tai64n NewestTimestamp { get; set; }

    /// <summary>The preferred first.</summary>
    public ImmutableArray<WireGuardKey> PeerKeys => _pairings.PeerKeys;

    public void SetPresharedKey(ReadOnlySpan<byte> key) => _pairings.SetPresharedKey(key);

    /// <summary>Our own keys are others, or none, or the peer has these.</summary>
    public void KeysChanged(ImmutableArray<WireGuardKey> peerKeys)
    {
        if (_begunBetween is not { } between || !_pairings.IsValid(between, peerKeys))
            Drop();
        _pairings.KeysChanged(peerKeys);
        _attempts = 0;
    }

    /// <summary>
    /// Begins one, in place of one that waits, under an index of ours. False if we have no private key, or the peer's public key is of
    /// low order; then the index is not taken.
    /// </summary>
    public bool TryBegin(IndexEntry entry, Span<byte> initiation, long now)
    {
        Drop();
        if (_pairings.ForAttempt(_attempts) is not { } between)
            return false;
        _lastTimestampSent = context.Timestamps.Next(_lastTimestampSent);
        _begun = InitiatorHandshake.Create(between.Self, between.Peer, entry.Index, _lastTimestampSent, context.Entropy, initiation);
        if (_begun is null)
            return false;
        (_begunEntry, _begunBetween, _forgeries) = (entry, between, 0);
        _attempts++;
        between.Cookies.AddMacs(initiation, now);
        return true;
    }

    /// <summary>Whether one waits for its answer under this index, and few were false so far.</summary>
    public bool Awaits(IndexEntry entry) => ReferenceEquals(entry, _begunEntry) && _forgeries < MaxForgeries;

    /// <summary>
    /// Takes the answer to the one that waits. Null: completed, and <paramref name="entry"/> belongs to the new session. Otherwise why not,
    /// and it goes on waiting.
    /// </summary>
    public HandshakeOutcome? TryComplete(IndexEntry entry, ReadOnlySpan<byte> response, out TransportKeys? keys, out AgreedKeys? agreed)
    {
        (keys, agreed) = (null, null);
        if (_begun is not { } begun || !ReferenceEquals(entry, _begunEntry) || _begunBetween is not { } between)
            return HandshakeOutcome.UnknownIndex;
        if (!begun.TryConsumeResponse(between.Self, between.Peer, response, out keys))
        {
            _forgeries++;
            return HandshakeOutcome.NotAuthentic;
        }
        agreed = between.Keys;
        _begunEntry = null;
        Complete();
        return null;
    }

    /// <summary>Whether an initiation that names this peer is authentic and new. Null: it is, and may be answered, once.</summary>
    public HandshakeOutcome? Check(ResponderHandshake handshake, ReadOnlySpan<byte> initiation, long now)
    {
        if (!handshake.TryReadTimestamp(Between(handshake).Peer, initiation, out var timestamp))
            return HandshakeOutcome.NotAuthentic;
        if (timestamp <= NewestTimestamp)
            return HandshakeOutcome.Replayed;
        if (now - _lastInitiation < context.Times.MinimumInitiationInterval)
            return HandshakeOutcome.TooSoon;
        (NewestTimestamp, _lastInitiation) = (timestamp, now);
        return null;
    }

    /// <summary>Answers an initiation that was checked, under an index of ours. False if its ephemeral key is of low order.</summary>
    public bool TryAnswer(
        ResponderHandshake handshake, IndexEntry entry, Span<byte> response, long now,
        [NotNullWhen(true)] out TransportKeys? keys, out AgreedKeys agreed)
    {
        var between = Between(handshake);
        agreed = between.Keys;
        if (!handshake.TryCreateResponse(between.Peer, entry.Index, context.Entropy, response, out keys))
            return false;
        between.Cookies.AddMacs(response, now);
        return true;
    }

    public bool TryConsumeCookie(ReadOnlySpan<byte> reply, long now) => _pairings.TryConsumeCookie(reply, now);

    /// <summary>There is a session: one that waits is of no use any more.</summary>
    public void Complete()
    {
        Drop();
        _attempts = 0;
    }

    /// <summary>Forgets the one that waits, and gives its index back.</summary>
    public void Drop()
    {
        if (_begunEntry is not null)
            context.Indices.Remove(_begunEntry);
        (_begunEntry, _begunBetween) = (null, null);
        _begun?.Dispose();
        _begun = null;
    }

    public void Dispose()
    {
        Drop();
        _pairings.Dispose();
    }

    private KeyPairing Between(ResponderHandshake handshake) => _pairings.Between(handshake.Self, handshake.Initiator);
}
