using Meshover.Controller.State;

namespace Meshover.Controller.Membership;

/// <summary>Join tokens in the store. Pure.</summary>
internal static class TokenRules
{
    // Kept for a day after it ended, so that `token list` can say what became of it; longer than any clock skew.
    private const long KeptAfterExpiry = 24 * 3600;

    public static void Create(Draft draft, JoinTokenClaims token) => draft.Put(StoreKeys.Token(token.Id), token.ToRecord());

    /// <exception cref="RefusalException">There is no such token.</exception>
    public static void Revoke(Draft draft, string id)
    {
        var token = draft.State.Token(id)
            ?? throw new RefusalException(RefusalReason.NotFound, $"There is no token \"{id}\". `meshover token list` shows the ones there are.");
        draft.Put(StoreKeys.Token(id), token with { Revoked = true });
    }

    /// <summary>Forgets tokens that ended long ago.</summary>
    /// <param name="draft">Gets the writes.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static void ForgetExpired(Draft draft, long now)
    {
        foreach (var token in draft.State.Tokens.Where(token => token.Expires + KeptAfterExpiry < now))
            draft.Delete(StoreKeys.Token(token.Id));
    }
}
