using System.Collections.Immutable;

namespace Meshover.Console.UseCases;

/// <param name="Rows">The newest first.</param>
/// <param name="Next">Where to go on; empty: there are no more.</param>
public sealed record Page<T>(ImmutableArray<T> Rows, string Next);

public sealed record EventRow(string Id, DateTimeOffset Time, string Kind, string Node, string Subject, string Code, string From, string To, string Actor, string Text);

public sealed record AuditRow(long Revision, DateTimeOffset Time, string Actor, string Operation, string Object, string Reason, string Before, string After);

/// <summary>A join token. The token itself is nowhere.</summary>
/// <param name="Uses">Null: any number.</param>
public sealed record TokenRow(
    string Id, DateTimeOffset Created, DateTimeOffset Expires, long? Uses, long Used, ImmutableArray<string> Tags, ImmutableArray<GrantRow> Grants, bool Replace, bool IsRevoked)
{
    /// <summary>Patterns of the hostnames that it admits; empty: any.</summary>
    public ImmutableArray<string> HostNames { get; init; } = [];

    /// <summary>It admits somebody.</summary>
    public bool IsGood(DateTimeOffset now) => !IsRevoked && now < Expires && (Uses is null || Used < Uses);
}

/// <summary>What a join token is to be.</summary>
/// <param name="Uses">Null: any number.</param>
public sealed record JoinWish(TimeSpan Lifetime, uint? Uses, ImmutableArray<string> Tags, ImmutableArray<GrantRow> Grants, bool Replace)
{
    /// <summary>Patterns of the hostnames that it admits, with <c>*</c> for any run of characters; empty: any.</summary>
    public ImmutableArray<string> HostNames { get; init; } = [];
}

/// <summary>A token that was made. The join string is shown once.</summary>
public sealed record CreatedJoin(string Id, string JoinString, DateTimeOffset Expires);
