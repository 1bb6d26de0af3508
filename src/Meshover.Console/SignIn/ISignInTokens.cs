using Meshover.Console.UseCases;

namespace Meshover.Console.SignIn;

/// <summary>Knows the tokens by which people sign in. Another way to sign in (<see cref="OpenIdSignIn"/>) is a scheme of ASP.NET's that begins a session
/// with the claims of <see cref="ConsoleClaims"/>, and needs nothing of this.</summary>
public interface ISignInTokens
{
    /// <summary>Whose token it is; null: nobody's, or one that is good no more. One of a single use is used up by it.</summary>
    /// <exception cref="ConsoleRefusalException">Who knows that cannot be asked now.</exception>
    Task<TokenHolder?> TakeAsync(string token, CancellationToken cancel);

    /// <summary>A session that began with the token may go on. At once; who has to ask for it ends the session instead when it may not.</summary>
    bool MayGoOn(string tokenId);
}

/// <param name="TokenId">Names the token; it is no secret.</param>
/// <param name="Name">As the audit has it.</param>
/// <param name="Expires">When the token ends, and what began with it; null: it does not matter.</param>
public sealed record TokenHolder(string TokenId, string Name, Role Role, DateTimeOffset? Expires);
