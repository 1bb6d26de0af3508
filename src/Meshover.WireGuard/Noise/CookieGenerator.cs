using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Noise;

/// <summary>
/// The sender's half of the denial-of-service defence (WireGuard paper, sections 5.4.4, 5.4.7): puts mac1 into every handshake message
/// for one peer, and mac2 while a cookie of that peer's is fresh.
/// </summary>
internal sealed class CookieGenerator
{
    private readonly byte[] _mac1Key;
    private readonly byte[] _cookieKey;
    private readonly long _cookieLifetime;
    private readonly byte[] _cookie = new byte[MessageMacs.Length];
    private readonly byte[] _lastMac1 = new byte[MessageMacs.Length];
    private long _cookieBorn = long.MinValue;
    private bool _awaitsCookie;

    /// <param name="peer">The peer that the messages go to.</param>
    /// <param name="cookieLifetime">Milliseconds for which the peer honours a cookie.</param>
    public CookieGenerator(WireGuardKey peer, long cookieLifetime)
    {
        (_mac1Key, _cookieKey) = (CookieKeys.Mac1(peer), CookieKeys.Cookie(peer));
        _cookieLifetime = cookieLifetime;
    }

    /// <summary>Fills in mac1 and mac2 (zeros without a cookie) of a message that is otherwise whole.</summary>
    public void AddMacs(Span<byte> message, long now)
    {
        var mac1 = message[MessageMacs.Mac1(message.Length)];
        var mac2 = message[MessageMacs.Mac2(message.Length)];
        Blake2s.Mac(_mac1Key, message[MessageMacs.Before1(message.Length)], mac1);
        mac1.CopyTo(_lastMac1);
        _awaitsCookie = true;
        if (_cookieBorn != long.MinValue && now - _cookieBorn < _cookieLifetime)
            Blake2s.Mac(_cookie, message[MessageMacs.Before2(message.Length)], mac2);
        else
            mac2.Clear();
    }

    /// <summary>Takes the cookie out of a reply. Only the answer to the message sent last opens, and that once.</summary>
    public bool TryConsume(ReadOnlySpan<byte> cookieReply, long now)
    {
        Span<byte> cookie = stackalloc byte[MessageMacs.Length];
        if (!_awaitsCookie || !XChaCha20Poly1305.TryOpen(
                _cookieKey, cookieReply[CookieReplyMessage.Nonce], cookieReply[CookieReplyMessage.Cookie], _lastMac1, cookie))
            return false;
        cookie.CopyTo(_cookie);
        _cookieBorn = now;
        _awaitsCookie = false;
        return true;
    }
}
