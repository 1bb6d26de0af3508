using System.Diagnostics.CodeAnalysis;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// The handshakes with one peer: the one that we began and that waits for its answer, and the answering of the peer's. The two do not
/// touch each other, so that ends which begin at the same moment are both served. Knows no timers and no sessions; control thread.
/// </summary>
internal sealed class PeerHandshake : IDisposable
{
    private const long CookieLatency = 5_000; // a cookie is not used in its last moments: it must still be good when it arrives

    private readonly SessionContext _context;
    private readonly WireGuardKey _publicKey;
    private readonly CookieGenerator _cookies;
    private SecretKey _presharedKey = new(new byte[SecretKey.Length]);
    private RemoteIdentity? _remote;
    private InitiatorHandshake? _begun;
    private IndexEntry? _begunEntry;
    private Tai64n _lastTimestampSent;
    private Tai64n _newestTimestamp;
    private long _lastInitiation = long.MinValue / 2;

    public PeerHandshake(SessionContext context, WireGuardKey publicKey)
    {
        _context = context;
        _publicKey = publicKey;
        _cookies = new CookieGenerator(publicKey, context.Times.CookieRefreshTime - CookieLatency);
    }

    public void SetPresharedKey(ReadOnlySpan<byte> key)
    {
        var former = _presharedKey;
        _presharedKey = new SecretKey(key);
        _remote?.PresharedKey = _presharedKey;
        former.Dispose();
    }

    /// <summary>Our own private key is another one, or none.</summary>
    public void IdentityChanged()
    {
        Drop();
        _remote?.Dispose();
        _remote = _context.Self is { } self ? new RemoteIdentity(self, _publicKey, _presharedKey) : null;
    }

    /// <summary>
    /// Begins one, in place of one that waits, under an index of ours. False if we have no private key, or the peer's public key is of
    /// low order; then the index is not taken.
    /// </summary>
    public bool TryBegin(IndexEntry entry, Span<byte> initiation, long now)
    {
        Drop();
        if (_context.Self is not { } self || _remote is not { } remote)
            return false;
        _lastTimestampSent = _context.Timestamps.Next(_lastTimestampSent);
        _begun = InitiatorHandshake.Create(self, remote, entry.Index, _lastTimestampSent, _context.Entropy, initiation);
        if (_begun is null)
            return false;
        _begunEntry = entry;
        _cookies.AddMacs(initiation, now);
        return true;
    }

    /// <summary>
    /// Takes the answer to the one that waits. Null: completed, and <paramref name="entry"/> belongs to the new session. Otherwise why not,
    /// and it goes on waiting.
    /// </summary>
    public HandshakeOutcome? TryComplete(IndexEntry entry, ReadOnlySpan<byte> response, out TransportKeys? keys)
    {
        keys = null;
        if (_begun is not { } begun || !ReferenceEquals(entry, _begunEntry) || _context.Self is not { } self || _remote is not { } remote)
            return HandshakeOutcome.UnknownIndex;
        if (!begun.TryConsumeResponse(self, remote, response, out keys))
            return HandshakeOutcome.NotAuthentic;
        _begunEntry = null;
        Drop();
        return null;
    }

    /// <summary>Whether an initiation that names this peer is authentic and new. Null: it is, and may be answered, once.</summary>
    public HandshakeOutcome? Check(ResponderHandshake handshake, ReadOnlySpan<byte> initiation, long now)
    {
        if (_remote is not { } remote || !handshake.TryReadTimestamp(remote, initiation, out var timestamp))
            return HandshakeOutcome.NotAuthentic;
        if (timestamp <= _newestTimestamp)
            return HandshakeOutcome.Replayed;
        if (now - _lastInitiation < _context.Times.MinimumInitiationInterval)
            return HandshakeOutcome.TooSoon;
        (_newestTimestamp, _lastInitiation) = (timestamp, now);
        return null;
    }

    /// <summary>Answers an initiation that was checked, under an index of ours. False if its ephemeral key is of low order.</summary>
    public bool TryAnswer(
        ResponderHandshake handshake, IndexEntry entry, Span<byte> response, long now, [NotNullWhen(true)] out TransportKeys? keys)
    {
        keys = null;
        if (_remote is not { } remote || !handshake.TryCreateResponse(remote, entry.Index, _context.Entropy, response, out keys))
            return false;
        _cookies.AddMacs(response, now);
        return true;
    }

    public bool TryConsumeCookie(ReadOnlySpan<byte> reply, long now) => _cookies.TryConsume(reply, now);

    /// <summary>Forgets the one that waits, and gives its index back.</summary>
    public void Drop()
    {
        if (_begunEntry is not null)
            _context.Indices.Remove(_begunEntry);
        _begunEntry = null;
        _begun?.Dispose();
        _begun = null;
    }

    public void Dispose()
    {
        Drop();
        _remote?.Dispose();
        _presharedKey.Dispose();
    }
}
