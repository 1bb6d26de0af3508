using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Meshover.Controller.Administration;

namespace Meshover.Controller.Console;

/// <summary>The controller's own tokens, as the console knows them.</summary>
internal sealed class SignInTokens(ConsoleTokens tokens) : ISignInTokens
{
    public async Task<TokenHolder?> TakeAsync(string token, CancellationToken cancel) =>
        await tokens.TakeAsync(token, cancel) is { } found && Enum.TryParse<Role>(found.Role, ignoreCase: true, out var role)
            ? new TokenHolder(found.Id, found.Name, role, found.Expires == 0 || found.Once ? null : DateTimeOffset.FromUnixTimeSeconds(found.Expires))
            : null;

    public bool MayGoOn(string tokenId) => tokens.MayGoOn(tokenId);
}
