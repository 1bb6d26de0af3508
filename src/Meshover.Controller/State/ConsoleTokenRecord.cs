namespace Meshover.Controller.State;

/// <summary>What lets somebody into the console: <c>console/ID</c>. The token itself is kept nowhere.</summary>
internal sealed record ConsoleTokenRecord : StoredRecord
{
    public required string Id { get; init; }

    /// <summary>Whose, as the audit has it.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the secret, base64url. That is 256 random bits, which no dictionary has: nothing slower is needed.</summary>
    public required string Hash { get; init; }

    /// <summary>viewer, operator or administrator.</summary>
    public required string Role { get; init; }
    public required long Created { get; init; }

    /// <summary>0: never.</summary>
    public long Expires { get; init; }

    /// <summary>It lets one session begin, and no other.</summary>
    public bool Once { get; init; }
    public bool IsUsed { get; init; }
    public bool Revoked { get; init; }
}
