namespace Meshover.Mesh.Trust;

/// <summary>
/// Which revisions of the contract (proto/meshover/v1) this release speaks. A revision is raised when a peer must know of a change;
/// mere additions need none.
/// </summary>
public static class ContractRevision
{
    /// <summary>The best one.</summary>
    public const uint Current = 1;

    /// <summary>The oldest one still understood: that of the neighbouring release.</summary>
    public const uint Oldest = 1;

    /// <summary>The internal CA's certificate for nodes is served under this TLS server name alone.</summary>
    public const string ServerName = "node.meshover";

    /// <summary>Capability of a controller that takes what changed of the observed peers, not only the whole list.</summary>
    public const string ObservedChanges = "observed-changes";

    /// <summary>Capability of an agent that answers one kind of question.</summary>
    /// <param name="kind">A member of <c>NodeQuestion.kind</c>, in any case.</param>
    public static string Answers(string kind) => $"query-{kind.ToLowerInvariant()}";

    /// <summary>Whether the two sides have a revision in common.</summary>
    /// <param name="theirs">The other side's best revision.</param>
    /// <param name="theirOldest">The oldest that it understands.</param>
    public static bool Fits(uint theirs, uint theirOldest) => theirs >= Oldest && theirOldest <= Current;
}
