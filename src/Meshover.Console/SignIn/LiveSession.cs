using Meshover.Console.UseCases;

namespace Meshover.Console.SignIn;

/// <summary>A session that has not ended.</summary>
/// <param name="Id">Made of its name, and not the name itself: who reads it cannot sign in by it.</param>
/// <param name="User">Who signed in, and from where.</param>
public sealed record LiveSession(string Id, ConsoleUser User, DateTimeOffset Began, DateTimeOffset Ends)
{
    /// <summary>Hexadecimal digits; of 1,000 sessions no two are likely to share so many.</summary>
    public const int IdLength = 12;

    /// <summary>The id of the token with which it began, which is no secret; null: it began at a provider.</summary>
    public string? Token { get; init; }
}
