using Meshover.Console.SignIn;

namespace Meshover.Controller.Console.Apart;

/// <summary>The controller's tokens, as a console that runs apart knows them: by asking.</summary>
internal sealed class RemoteSignInTokens(PortClient client) : ISignInTokens
{
    public Task<TokenHolder?> TakeAsync(string token, CancellationToken cancel) => client.AskAsync(PortCalls.SignIn, new TokenAsk(token), cancel);

    /// <summary>Where it may not, the controller says so of the session, which ends then (<see cref="SessionsReporter"/>).</summary>
    public bool MayGoOn(string tokenId) => true;
}
