using System.Buffers.Binary;
using System.Security.Cryptography;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Noise;

/// <summary>
/// The receiver's half of the denial-of-service defence (WireGuard paper, sections 5.3, 5.4.7): mac1 shows that the sender knows our
/// public key, mac2 that it owns its source address. Cookies are bound to address and port by a secret that changes.
/// </summary>
/// <param name="self">Our public key.</param>
/// <param name="entropy">For the secret and the nonces.</param>
/// <param name="secretLifetime">Milliseconds after which the secret changes.</param>
internal sealed class CookieChecker(WireGuardKey self, IEntropy entropy, long secretLifetime)
{
    private readonly byte[] _mac1Key = CookieKeys.Mac1(self);
    private readonly byte[] _cookieKey = CookieKeys.Cookie(self);
    private readonly byte[] _secret = new byte[Blake2s.HashLength];
    private long? _secretBorn;

    public bool HasValidMac1(ReadOnlySpan<byte> message)
    {
        Span<byte> mac = stackalloc byte[MessageMacs.Length];
        Blake2s.Mac(_mac1Key, message[MessageMacs.Before1(message.Length)], mac);
        return CryptographicOperations.FixedTimeEquals(mac, message[MessageMacs.Mac1(message.Length)]);
    }

    /// <param name="message">An initiation or response whose mac1 is right.</param>
    /// <param name="source">Address and port in network order.</param>
    /// <param name="now">Milliseconds.</param>
    public bool HasValidMac2(ReadOnlySpan<byte> message, ReadOnlySpan<byte> source, long now)
    {
        Span<byte> cookie = stackalloc byte[MessageMacs.Length];
        Span<byte> mac = stackalloc byte[MessageMacs.Length];
        MakeCookie(source, now, cookie);
        Blake2s.Mac(cookie, message[MessageMacs.Before2(message.Length)], mac);
        return CryptographicOperations.FixedTimeEquals(mac, message[MessageMacs.Mac2(message.Length)]);
    }

    /// <summary>Writes the reply that gives the sender of <paramref name="message"/> the cookie for its address.</summary>
    public void CreateReply(ReadOnlySpan<byte> message, ReadOnlySpan<byte> source, long now, Span<byte> reply)
    {
        Span<byte> cookie = stackalloc byte[MessageMacs.Length];
        MakeCookie(source, now, cookie);
        BinaryPrimitives.WriteUInt32LittleEndian(reply, MessageType.CookieReply);
        message.Slice(InitiationMessage.Sender, sizeof(uint)).CopyTo(reply[CookieReplyMessage.Receiver..]);
        entropy.Fill(reply[CookieReplyMessage.Nonce]);
        var mac1 = message[MessageMacs.Mac1(message.Length)];
        XChaCha20Poly1305.Seal(_cookieKey, reply[CookieReplyMessage.Nonce], cookie, mac1, reply[CookieReplyMessage.Cookie]);
    }

    private void MakeCookie(ReadOnlySpan<byte> source, long now, Span<byte> cookie)
    {
        if (_secretBorn is not { } born || now - born >= secretLifetime)
        {
            entropy.Fill(_secret);
            _secretBorn = now;
        }
        Blake2s.Mac(_secret, source, cookie);
    }
}
