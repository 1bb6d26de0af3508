using Meshover.Console.SignIn;

namespace Meshover.Controller.Console.Apart;

/// <summary>The controller's tokens, as a console that runs apart knows them.</summary>
internal sealed class RemoteSignInTokens(PortClient client, PictureKeeper keeper) : ISignInTokens
{
    public async Task<TokenHolder?> TakeAsync(string token, CancellationToken cancel)
    {
        var holder = await client.AskAsync(PortCalls.SignIn, new TokenAsk(token), cancel);
        // A token that was made a moment ago must be among those that may go on, or its session would end before it begins.
        if (holder is not null)
            await keeper.RefreshAsync(cancel);
        return holder;
    }

    public bool MayGoOn(string tokenId) => keeper.Tokens.Contains(tokenId);
}
