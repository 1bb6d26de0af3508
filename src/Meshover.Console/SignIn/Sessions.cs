using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Meshover.Console.SignIn;

/// <summary>
/// Who is signed in: kept here and not in the cookie, which only names the session, so that signing out ends it everywhere at once. Bounded; a restart of the
/// process that serves the console ends them all.
/// </summary>
public sealed class Sessions(ISignInTokens tokens, TimeProvider time) : ITicketStore
{
    /// <summary>However busy, and however idle, a session is that began with a token. One that began at a provider ends as its settings say.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    public const int Most = 1_000;

    /// <summary>That began with one token: who has it puts out no one else.</summary>
    public const int MostOfToken = 50;

    private readonly ConcurrentDictionary<string, AuthenticationTicket> _tickets = new(StringComparer.Ordinal);

    public int Count => _tickets.Count;

    public Task<string> StoreAsync(AuthenticationTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        var key = ticket.Principal.FindFirstValue(ConsoleClaims.Session) ?? throw new ArgumentException("A session has no name.", nameof(ticket));
        _tickets[key] = ticket;
        var token = TokenOf(ticket);
        MakeRoom(_tickets.Where(held => TokenOf(held.Value) == token), MostOfToken);
        if (_tickets.Count > Most)
            MakeRoom(_tickets, Most);
        return Task.FromResult(key);
    }

    public Task RenewAsync(string key, AuthenticationTicket ticket) => StoreAsync(ticket);

    public Task<AuthenticationTicket?> RetrieveAsync(string key) => Task.FromResult(IsAlive(key) ? _tickets.GetValueOrDefault(key) : null);

    public Task RemoveAsync(string key)
    {
        _tickets.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    /// <summary>It has not ended, and nor has what it began with.</summary>
    public bool IsAlive(string key) =>
        _tickets.TryGetValue(key, out var ticket) && time.GetUtcNow() < ticket.Properties.ExpiresUtc
        && (ConsoleTokenOf(ticket) is not { } token || tokens.MayGoOn(token));

    /// <summary>Those that have not ended, the oldest first.</summary>
    public IReadOnlyList<LiveSession> List() =>
        [.. _tickets.Where(held => IsAlive(held.Key)).Select(held => ToLive(held.Key, held.Value)).OfType<LiveSession>().OrderBy(session => session.Began).ThenBy(session => session.Id, StringComparer.Ordinal)];

    /// <summary>Ends those, with the pages that are open.</summary>
    public void End(Func<LiveSession, bool> which)
    {
        ArgumentNullException.ThrowIfNull(which);
        foreach (var (key, ticket) in _tickets)
        {
            if (ToLive(key, ticket) is { } session && which(session))
                _tickets.TryRemove(key, out _);
        }
    }

    // The session's own name is half of what signs in by it, and stays here.
    private static LiveSession? ToLive(string key, AuthenticationTicket ticket) => ConsoleClaims.UserOf(ticket.Principal) is { } user
        ? new LiveSession(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key)))[..LiveSession.IdLength], user, ticket.Properties.IssuedUtc ?? default, ticket.Properties.ExpiresUtc ?? default) { Token = ConsoleTokenOf(ticket) }
        : null;

    // Those that have ended go first, then the oldest.
    private void MakeRoom(IEnumerable<KeyValuePair<string, AuthenticationTicket>> among, int most)
    {
        var all = among.ToList();
        if (all.Count <= most)
            return;
        foreach (var (key, _) in all.OrderBy(held => IsAlive(held.Key)).ThenBy(held => held.Value.Properties.IssuedUtc).Take(all.Count - most))
            _tickets.TryRemove(key, out _);
    }

    private static string? ConsoleTokenOf(AuthenticationTicket ticket) => TokenOf(ticket) is { } token && !token.StartsWith(OpenIdSignIn.Mark, StringComparison.Ordinal) ? token : null;

    private static string? TokenOf(AuthenticationTicket ticket) => ticket.Principal.FindFirstValue(ConsoleClaims.Token);
}
