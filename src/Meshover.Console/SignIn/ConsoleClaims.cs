using System.Security.Claims;
using Meshover.Console.UseCases;

namespace Meshover.Console.SignIn;

/// <summary>What is known of who signed in, whatever they signed in by.</summary>
public static class ConsoleClaims
{
    public const string Session = "session";
    public const string Name = "name";
    public const string Role = "role";
    public const string From = "from";
    public const string Token = "token";

    public static ClaimsPrincipal Of(TokenHolder holder, string session, string from) => new(new ClaimsIdentity(
        [new(Session, session), new(Name, holder.Name), new(Role, $"{holder.Role}"), new(From, from), new(Token, holder.TokenId)], ConsoleSignIn.Scheme, Name, Role));

    /// <summary>Null: nobody has signed in.</summary>
    public static ConsoleUser? UserOf(ClaimsPrincipal principal) =>
        principal.Identity is { IsAuthenticated: true } && principal.FindFirstValue(Session) is { } session && Enum.TryParse<Role>(principal.FindFirstValue(Role), out var role)
            ? new ConsoleUser(session, principal.FindFirstValue(Name) ?? "", role, principal.FindFirstValue(From) ?? "")
            : null;
}
