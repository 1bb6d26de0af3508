using System.Collections.Immutable;
using Meshover.Controller.Changes;
using Meshover.Controller.Identity;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Trust;

namespace Meshover.Controller.Administration;

/// <summary>Who may join: what administrators do with join tokens, whatever face of the controller they come by.</summary>
internal sealed class Tokens(MeshDirectory directory, TokenSigner signer, TimeProvider time)
{
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(24);

    /// <exception cref="InvalidRequestException">The wish cannot be meant.</exception>
    public async Task<CreatedToken> CreateAsync(Actor actor, Reason reason, TokenWish wish, CancellationToken cancel)
    {
        AdminRules.Check(wish, directory.State.Mesh);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var token = new JoinTokenClaims
        {
            Id = JoinTokens.NewId(),
            Created = now,
            Expires = now + (wish.LifetimeSeconds == 0 ? (long)DefaultLifetime.TotalSeconds : wish.LifetimeSeconds),
            Uses = wish.Uses == 0 ? 1 : wish.Uses,
            Tags = [.. wish.Tags.Distinct(StringComparer.Ordinal)],
            Grants = [.. wish.Grants.Select(AdminRules.ToRecord)],
            Replace = wish.Replace,
            HostNames = [.. wish.HostNames.Select(name => name.ToLowerInvariant()).Distinct(StringComparer.Ordinal)],
        };
        await directory.ChangeAsync(new Cause(actor, Operation.CreateToken, reason), draft => TokenRules.Create(draft, token), cancel);
        return new CreatedToken(token.Id, JoinTokens.ToJoinString(directory.State.Mesh, JoinTokens.Sign(signer, token)), token.Expires);
    }

    /// <summary>The oldest first.</summary>
    public IEnumerable<TokenRecord> List() =>
        directory.State.Tokens.OrderBy(token => token.Created).ThenBy(token => token.Id, StringComparer.Ordinal);

    /// <exception cref="InvalidRequestException">It is no token's name.</exception>
    /// <exception cref="RefusalException">There is no such token.</exception>
    public Task RevokeAsync(Actor actor, Reason reason, string id, CancellationToken cancel)
    {
        AdminRules.CheckToken(id);
        return directory.ChangeAsync(new Cause(actor, Operation.RevokeToken, reason), draft => TokenRules.Revoke(draft, id), cancel);
    }
}

/// <summary>What a token is to be.</summary>
/// <param name="LifetimeSeconds">0: the default, 24 hours.</param>
/// <param name="Uses">New identities that it admits; 0: one. <see cref="TokenRecord.Unlimited"/>: any number.</param>
/// <param name="Tags">Of each node that joins with it.</param>
/// <param name="Grants">Of each node that joins with it.</param>
/// <param name="Replace">It may take over a hostname that belongs to another machine.</param>
internal sealed record TokenWish(long LifetimeSeconds, uint Uses, ImmutableArray<string> Tags, ImmutableArray<GrantWish> Grants, bool Replace)
{
    /// <summary>Patterns of the hostnames that it admits; empty: any.</summary>
    public ImmutableArray<string> HostNames { get; init; } = [];
}

/// <summary>A token that was made. The join string is nowhere else.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Join">What a node joins with.</param>
/// <param name="Expires">Seconds since 1970.</param>
internal sealed record CreatedToken(string Id, JoinString Join, long Expires);
