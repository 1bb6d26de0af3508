using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Noise;

/// <summary>
/// The two keys for MACs and cookies that anybody can derive from a responder's public key (WireGuard paper, sections 5.4.4, 5.4.7).
/// </summary>
internal static class CookieKeys
{
    public static byte[] Mac1(WireGuardKey responder) => Derive("mac1----"u8, responder);

    public static byte[] Cookie(WireGuardKey responder) => Derive("cookie--"u8, responder);

    private static byte[] Derive(ReadOnlySpan<byte> label, WireGuardKey responder)
    {
        var key = new byte[Blake2s.HashLength];
        Blake2s.Hash(label, responder.Bytes, key);
        return key;
    }
}
