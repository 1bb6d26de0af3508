using System.Collections.Immutable;
using System.Security.Cryptography;
using Meshover.Mesh.Identity;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Meshover.Agent.Trust;

/// <summary>WireGuard's keys, as base64 of 32 bytes, and the public keys that belong to them.</summary>
public static class WireGuardKeys
{
    /// <summary>A new private key, clamped as Curve25519 asks (RFC 7748, section 5).</summary>
    public static string NewPrivateKey()
    {
        var key = RandomNumberGenerator.GetBytes(WireGuardPublicKey.Length);
        key[0] &= 248;
        key[31] = (byte)(key[31] & 127 | 64);
        return Convert.ToBase64String(key);
    }

    public static WireGuardPublicKey PublicOf(string privateKey)
    {
        var key = new byte[WireGuardPublicKey.Length];
        X25519.GeneratePublicKey(Convert.FromBase64String(privateKey), 0, key, 0);
        return new WireGuardPublicKey(key);
    }

    /// <summary>What the mesh is told: the preferred one first, which is the new one as soon as the data plane has it.</summary>
    public static ImmutableArray<WireGuardPublicKey> Declared(NodeIdentity identity)
    {
        var inUse = PublicOf(identity.WireGuardPrivateKey);
        return identity.KeyChange switch
        {
            { Stage: KeyChangeStage.Declared } change => [PublicOf(change.OtherPrivateKey), inUse],
            { Stage: KeyChangeStage.InUse } change => [inUse, PublicOf(change.OtherPrivateKey)],
            _ => [inUse],
        };
    }

    /// <summary>The key that is to be used in the end.</summary>
    public static WireGuardPublicKey Newest(NodeIdentity identity) => identity.KeyChange is { Stage: not KeyChangeStage.InUse } change
        ? PublicOf(change.OtherPrivateKey)
        : PublicOf(identity.WireGuardPrivateKey);
}
