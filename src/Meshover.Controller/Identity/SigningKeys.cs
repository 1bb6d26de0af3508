using System.Collections.Immutable;
using System.Security.Cryptography;
using Meshover.Controller.State;

namespace Meshover.Controller.Identity;

/// <summary>
/// Changes the key that signs join tokens and credentials. Credentials need no former key: a node whose credential cannot be read proves its identity
/// key, and gets another. Join strings do.
/// </summary>
internal static class SigningKeys
{
    /// <summary>Takes a new key into use.</summary>
    /// <param name="draft">Gets the write.</param>
    /// <param name="keepFormer">Whether join strings that are out stay good; not where the key may be in somebody's hands.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <returns>Until when the former key is kept; 0: it is not.</returns>
    public static long Rotate(Draft draft, bool keepFormer, long now)
    {
        var secret = draft.State.Get<SecretRecord>(StoreKeys.Secret) ?? throw new InvalidOperationException("The store holds no keys.");
        var until = keepFormer ? draft.State.Tokens.Where(token => !token.Revoked).Select(token => token.Expires).Append(0).Max() : 0;
        ImmutableArray<FormerKeyRecord> former = keepFormer ? [.. secret.FormerKeys, new FormerKeyRecord(secret.SigningKeyId, PublicOf(secret.SigningKey), until)] : [];
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        draft.Put(StoreKeys.Secret, secret with
        {
            SigningKey = key.ExportPkcs8PrivateKeyPem(),
            SigningKeyId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)),
            FormerKeys = former.RemoveAll(held => held.Until <= now),
        });
        return until > now ? until : 0;
    }

    private static string PublicOf(string privateKey)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(privateKey);
        return key.ExportSubjectPublicKeyInfoPem();
    }
}
