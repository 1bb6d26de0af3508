using Meshover.Controller.State;

namespace Meshover.Controller.Identity;

/// <summary>
/// Puts another authority in the place of the mesh's own, in two steps: first nodes and new join strings trust both while the former goes on signing,
/// then the new one signs and is trusted alone. Whoever was there in between has missed nothing. Pure, but for the keys that are made.
/// </summary>
internal static class AuthorityChange
{
    /// <summary>Tells everybody of a new authority.</summary>
    /// <returns>False: there is one already that waits to take over.</returns>
    public static bool TryBegin(Draft draft, DateTimeOffset now)
    {
        var secret = SecretOf(draft);
        if (secret.NextCa is not null)
            return false;
        var next = CertificateAuthority.CreateAuthority(now);
        draft.Put(StoreKeys.Secret, secret with { NextCa = next });
        Trust(draft, CertificateAuthority.PinOf(secret), CertificateAuthority.PinOf(next.Certificate));
        return true;
    }

    /// <summary>Has it take over.</summary>
    /// <returns>False: there is none.</returns>
    public static bool TryFinish(Draft draft)
    {
        var secret = SecretOf(draft);
        if (secret.NextCa is not { } next)
            return false;
        draft.Put(StoreKeys.Secret, secret with { CaKey = next.Key, CaCertificate = next.Certificate, NextCa = null });
        Trust(draft, CertificateAuthority.PinOf(next.Certificate));
        return true;
    }

    private static void Trust(Draft draft, params string[] pins) => draft.Put(StoreKeys.Mesh, draft.State.Mesh with { CaPins = [.. pins] });

    private static SecretRecord SecretOf(Draft draft) =>
        draft.State.Get<SecretRecord>(StoreKeys.Secret) ?? throw new InvalidOperationException("The store holds no keys.");
}
