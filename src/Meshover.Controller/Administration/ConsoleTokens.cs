using System.Security.Cryptography;
using Meshover.Controller.Changes;
using Meshover.Controller.Identity;
using Meshover.Controller.Membership;
using Meshover.Controller.State;

namespace Meshover.Controller.Administration;

/// <summary>Who may sign in to the console: what administrators do with its tokens, whatever face of the controller they come by.</summary>
internal sealed class ConsoleTokens(MeshDirectory directory, TimeProvider time)
{
    /// <exception cref="InvalidRequestException">The wish cannot be meant.</exception>
    /// <exception cref="RefusalException">There are as many as there may be.</exception>
    public async Task<CreatedConsoleToken> CreateAsync(Actor actor, Reason reason, ConsoleTokenWish wish, CancellationToken cancel)
    {
        var created = ConsoleTokenRules.New(wish, time.GetUtcNow());
        await directory.ChangeAsync(new Cause(actor, Operation.CreateConsoleToken, reason), draft => ConsoleTokenRules.Create(draft, created.Record), cancel);
        return created with { Address = directory.State.Mesh.Controllers.FirstOrDefault() ?? "" };
    }

    /// <summary>The oldest first.</summary>
    public IEnumerable<ConsoleTokenRecord> List() =>
        directory.State.ConsoleTokens.OrderBy(token => token.Created).ThenBy(token => token.Id, StringComparer.Ordinal);

    /// <exception cref="RefusalException">There is no such token.</exception>
    public Task RevokeAsync(Actor actor, Reason reason, string id, CancellationToken cancel) =>
        directory.ChangeAsync(new Cause(actor, Operation.RevokeConsoleToken, reason), draft => ConsoleTokenRules.Revoke(draft, id), cancel);

    /// <summary>Whose token it is, and that it is good; null: it is not. One of a single use is used up by it, whoever else comes with it at the same time.</summary>
    public async Task<ConsoleTokenRecord?> TakeAsync(string token, CancellationToken cancel)
    {
        if (ConsoleTokenRules.Find(directory.State, token, time.GetUtcNow()) is not { } found)
            return null;
        if (!found.Once)
            return found;
        var taken = await directory.ChangeAsync(
            new Cause(new Actor(found.Name), Operation.SignIn, Reason.None), draft => ConsoleTokenRules.TryUse(draft, found.Id), cancel);
        return taken.Value ? found : null;
    }

    /// <summary>What began with the token may go on.</summary>
    public bool MayGoOn(string id) =>
        directory.State.Get<ConsoleTokenRecord>(StoreKeys.Console(id)) is { Revoked: false } token && (token.Once || !ConsoleTokenRules.IsOver(token, time.GetUtcNow()));
}

/// <summary>Tokens of the console in the store. Pure.</summary>
internal static class ConsoleTokenRules
{
    /// <summary>Of all tokens that let somebody in.</summary>
    public const int Most = 500;
    private const string Mark = "moc";
    private const long LongestLifetime = 10L * 365 * 24 * 3600;
    private const int LongestName = 63;

    // A session that began with a link goes on by it; none is longer than 12 hours.
    private const long KeptAfterEnd = 13 * 3600;
    private static readonly string[] Roles = ["viewer", "operator", "administrator"];

    /// <exception cref="InvalidRequestException">The wish cannot be meant.</exception>
    public static CreatedConsoleToken New(ConsoleTokenWish wish, DateTimeOffset now)
    {
        var violations = new Violations();
        violations.Require(Roles.Contains(wish.Role), "role", "is viewer, operator or administrator.");
        violations.Require(wish.LifetimeSeconds is >= 0 and <= LongestLifetime, "lifetime_seconds", "from 1 second to 10 years; 0 is without an end.");
        violations.Require(!wish.Once || wish.LifetimeSeconds > 0, "lifetime_seconds", "a link of one use needs an end.");
        violations.Require(wish.Name.Length is > 0 and <= LongestName && wish.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '@'), "name",
            $"is 1-{LongestName} letters, digits, hyphens, dots, underscores, at signs: whom the audit names.");
        violations.ThrowIfAny();
        var (id, secret) = (JoinTokens.NewId(), RandomNumberGenerator.GetBytes(32));
        return new CreatedConsoleToken(new ConsoleTokenRecord
        {
            Id = id,
            Name = wish.Name,
            Hash = HashOf(secret),
            Role = wish.Role,
            Created = now.ToUnixTimeSeconds(),
            Expires = wish.LifetimeSeconds == 0 ? 0 : now.ToUnixTimeSeconds() + wish.LifetimeSeconds,
            Once = wish.Once,
        }, $"{Mark}_{id}_{Convert.ToHexStringLower(secret)}", "");
    }

    /// <summary>Takes it in, and forgets those that are over.</summary>
    public static void Create(Draft draft, ConsoleTokenRecord token)
    {
        var over = draft.State.ConsoleTokens.Where(held => IsForgotten(held, token.Created)).ToList();
        foreach (var held in over)
            draft.Delete(StoreKeys.Console(held.Id));
        if (draft.State.ConsoleTokens.Count(held => held is { Revoked: false, IsUsed: false } && !IsOver(held, DateTimeOffset.FromUnixTimeSeconds(token.Created))) >= Most)
            throw new RefusalException(RefusalReason.Precondition, $"There are {Most} tokens for the console: revoke some (`meshover-controller console-token revoke ID`).");
        draft.Put(StoreKeys.Console(token.Id), token);
    }

    /// <exception cref="RefusalException">There is no such token.</exception>
    public static void Revoke(Draft draft, string id)
    {
        var token = draft.State.Get<ConsoleTokenRecord>(StoreKeys.Console(id))
            ?? throw new RefusalException(RefusalReason.NotFound, $"There is no token {Violations.Quote(id)} for the console. `meshover-controller console-token list` shows the ones there are.");
        draft.Put(StoreKeys.Console(id), token with { Revoked = true });
    }

    public static bool TryUse(Draft draft, string id)
    {
        if (draft.State.Get<ConsoleTokenRecord>(StoreKeys.Console(id)) is not { IsUsed: false, Revoked: false } token)
            return false;
        draft.Put(StoreKeys.Console(id), token with { IsUsed = true });
        return true;
    }

    /// <summary>The good token that this is; null: it is none.</summary>
    public static ConsoleTokenRecord? Find(MeshState state, string text, DateTimeOffset now)
    {
        if (text.Length > 128 || text.Split('_') is not [Mark, var id, var secret] || !secret.All(char.IsAsciiHexDigitLower) || secret.Length != 64)
            return null;
        // Whether there is such an id is no secret, but what is compared takes the same time for each.
        var token = state.Get<ConsoleTokenRecord>(StoreKeys.Console(id));
        var isRight = CryptographicOperations.FixedTimeEquals(
            System.Text.Encoding.ASCII.GetBytes(HashOf(Convert.FromHexString(secret))), System.Text.Encoding.ASCII.GetBytes(token?.Hash ?? HashOf([])));
        return isRight && token is { Revoked: false, IsUsed: false } && !IsOver(token, now) ? token : null;
    }

    public static bool IsOver(ConsoleTokenRecord token, DateTimeOffset now) => token.Expires != 0 && now.ToUnixTimeSeconds() >= token.Expires;

    private static bool IsForgotten(ConsoleTokenRecord token, long now) => token.Revoked || (token.Expires != 0 && token.Expires + KeptAfterEnd < now);

    private static string HashOf(byte[] secret) => Convert.ToBase64String(SHA256.HashData(secret)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}

/// <param name="Role">viewer, operator or administrator.</param>
/// <param name="LifetimeSeconds">0: without an end.</param>
/// <param name="Once">A link that lets one session begin.</param>
internal sealed record ConsoleTokenWish(string Name, string Role, long LifetimeSeconds, bool Once);

/// <summary>A token that was made. Its text is nowhere else.</summary>
/// <param name="Record">What is kept of it.</param>
/// <param name="Text">What is signed in with.</param>
/// <param name="Address">HOST:PORT of the controller.</param>
internal sealed record CreatedConsoleToken(ConsoleTokenRecord Record, string Text, string Address)
{
    /// <summary>Signs in who opens it. What is behind the "#" no browser sends anywhere by itself.</summary>
    public static string Link(string address, string text) => $"https://{address}/sign-in#{text}";
}
