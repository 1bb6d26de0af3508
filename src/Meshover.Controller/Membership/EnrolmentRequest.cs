using System.Collections.Immutable;
using Meshover.Controller.State;

namespace Meshover.Controller.Membership;

/// <summary>A validated wish to join.</summary>
internal sealed record EnrolmentRequest
{
    /// <summary>Thumbprint of the identity key that the TLS handshake proved.</summary>
    public required string Identity { get; init; }
    public required string HostName { get; init; }

    /// <summary>Base64.</summary>
    public required string WireGuardKey { get; init; }
    public required JoinTokenClaims Token { get; init; }
    public ReachRecord Reach { get; init; } = ReachRecord.Unknown;
}

/// <summary>What a join token with a good signature says.</summary>
internal sealed record JoinTokenClaims
{
    public required string Id { get; init; }
    public required long Created { get; init; }
    public required long Expires { get; init; }
    public required uint Uses { get; init; }
    public ImmutableArray<string> Tags { get; init; } = [];
    public ImmutableArray<StoredGrant> Grants { get; init; } = [];
    public bool Replace { get; init; }

    /// <summary>See <see cref="HostNamePattern"/>; empty: any.</summary>
    public ImmutableArray<string> HostNames { get; init; } = [];

    public TokenRecord ToRecord() => new()
    {
        Id = Id,
        Created = Created,
        Expires = Expires,
        Uses = Uses,
        Tags = Tags,
        Grants = Grants,
        Replace = Replace,
        HostNames = HostNames,
    };
}
