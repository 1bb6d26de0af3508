using Meshover.Controller.State;

namespace Meshover.Controller.Membership;

/// <summary>What a credential with a good signature says.</summary>
internal sealed record CredentialClaims
{
    public required string StoreId { get; init; }

    /// <summary>The store's revision when it was issued.</summary>
    public required long Revision { get; init; }
    public required long Expires { get; init; }

    /// <summary>The member as it was then.</summary>
    public required StoredNode Node { get; init; }
}

/// <summary>
/// After a restore: a node that enrolled after the backup was made is unknown to the store, but holds a credential that this mesh
/// signed and that names its numbers. It gets them back, expired or not, for as long as the administrator who restored said.
/// </summary>
internal static class Adoption
{
    /// <param name="draft">Gets the writes.</param>
    /// <param name="claims">Of a credential whose key the caller proved.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <exception cref="RefusalException">It is not to be adopted, with the reason.</exception>
    public static StoredNode Adopt(Draft draft, CredentialClaims claims, long now)
    {
        const string again = "Join again: `meshover up --join …` with a token from `meshover token create`.";
        var node = claims.Node with
        {
            // Credentials are older than what was withdrawn since.
            Grants = claims.Node.Grants.RemoveAll(grant => GrantRules.WithdrawnOf(draft.State, claims.Node.Id).Contains(grant.Prefix)),
            Adopted = now,
        };
        if (draft.State.Identity(node.Identity)?.Refused is { } refused)
            throw new RefusalException(RefusalReason.IdentityRefused, refused);
        if (!draft.State.Mesh.Ancestors.Any(ancestor =>
                ancestor.StoreId == claims.StoreId && claims.Revision > ancestor.Revision && now <= ancestor.AdoptUntil))
            throw new RefusalException(RefusalReason.NotAdmitted, $"This mesh does not know the node \"{node.HostName}\" (any more). {again}");
        var taken = StoreKeys.Numbers(node).Append(StoreKeys.HostName(node.HostName)).Append(StoreKeys.Node(node.Id)).FirstOrDefault(key => !draft.IsFree(key));
        if (taken is not null)
            throw new RefusalException(RefusalReason.Taken, $"The controller was restored from a backup, and {taken} has gone to another node since. {again}");
        Claims.Take(draft, node);
        var allocation = draft.State.Allocation;
        draft.Put(StoreKeys.Allocation, allocation with { NextId = Math.Max(allocation.NextId, node.Id + 1) });
        return node;
    }
}
