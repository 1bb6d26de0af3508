using System.Collections.Immutable;
using Meshover.Controller.State;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Membership;

/// <summary>
/// Who may join, under which name and with which numbers. Pure: it reads a state and drafts a transaction. In order: a refused
/// identity stays out; a member is brought up to date (enrolling twice is enrolling once); anybody else needs a token that is good
/// now, and a hostname that nobody else has.
/// </summary>
internal static class Enrolment
{
    private const int MostFormerNames = 8;

    /// <param name="draft">Gets the writes.</param>
    /// <param name="request">Validated.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="skew">Seconds by which clocks may differ.</param>
    /// <returns>The member as it will be.</returns>
    /// <exception cref="RefusalException">With the way out.</exception>
    public static StoredNode Enrol(Draft draft, EnrolmentRequest request, long now, long skew)
    {
        var identity = draft.State.Identity(request.Identity);
        if (identity?.Refused is { } refused)
            throw new RefusalException(RefusalReason.IdentityRefused, refused);
        if (draft.State.MemberByIdentity(request.Identity) is { } member)
            return Update(draft, member.Record, request.HostName, KeysOf(member.Record, request));
        var token = Admit(draft.State, request.Token, isKnown: identity is not null, now, skew);
        if (!HostNamePattern.Admits(token.HostNames, request.HostName))
            throw new RefusalException(RefusalReason.NotAdmitted,
                $"The join token admits no machine of the name \"{request.HostName}\", but {string.Join(", ", token.HostNames)}: choose such a name with --hostname, or ask an administrator for another token.");
        var node = Join(draft, request, token, identity, now);
        // A use counts once for an identity: one that an administrator let back in was counted when it first came.
        draft.Put(StoreKeys.Token(token.Id), identity is null ? token with { Used = token.Used + 1 } : token);
        return node;
    }

    private static TokenRecord Admit(MeshState state, JoinTokenClaims claims, bool isKnown, long now, long skew)
    {
        const string another = "Ask an administrator for another (`meshover token create`).";
        var token = state.Token(claims.Id) ?? Unknown(state, claims, now)
            ?? throw new RefusalException(RefusalReason.NotAdmitted, $"The join token is not known here any more. {another}");
        if (token.Revoked)
            throw new RefusalException(RefusalReason.NotAdmitted, $"The join token was revoked. {another}");
        if (now > token.Expires + skew)
            throw new RefusalException(RefusalReason.NotAdmitted,
                $"The join token expired at {DateTimeOffset.FromUnixTimeSeconds(token.Expires):u}. {another}");
        if (now < token.Created - skew)
            throw new RefusalException(RefusalReason.NotAdmitted,
                "The join token comes from the future: the controller's clock is behind. Set its clock and try again.");
        if (!isKnown && token.Uses != TokenRecord.Unlimited && token.Used >= token.Uses)
            throw new RefusalException(RefusalReason.NotAdmitted,
                $"The join token is used up: it admits {token.Uses} node{(token.Uses == 1 ? "" : "s")}. {another}");
        return token;
    }

    // Made after the backup that this store came from: the token's own signed claims say all. In any other store it was forgotten, as tokens
    // are that ended; where the clock was wrong then, one that was revoked or used up must not come back to life.
    private static TokenRecord? Unknown(MeshState state, JoinTokenClaims claims, long now) =>
        state.Mesh.Ancestors.Any(ancestor => now <= ancestor.AdoptUntil) ? claims.ToRecord() : null;

    private static StoredNode Join(Draft draft, EnrolmentRequest request, TokenRecord token, IdentityRecord? identity, long now)
    {
        if (draft.State.MemberByHostName(request.HostName) is null && WhyNotNew(draft, request.HostName, node: null) is { } reason)
            throw new RefusalException(RefusalReason.Taken, $"{reason} Choose another with --hostname.");
        var numbers = TakeOver(draft, request, token) ?? TakeBack(draft, request, identity, now) ?? Allocator.TakeNumbers(draft);
        var allocation = draft.Written<AllocationRecord>(StoreKeys.Allocation) ?? draft.State.Allocation;
        var node = new StoredNode
        {
            Id = Allocator.TakeId(draft, allocation),
            HostName = request.HostName,
            Identity = request.Identity,
            WireGuardKeys = [request.WireGuardKey],
            Address4 = numbers.Address4,
            Address6 = numbers.Address6,
            TunnelAddress = numbers.TunnelAddress,
            Asn = numbers.Asn,
            Further = numbers.Further,
            Resting = numbers.Resting,
            Tags = token.Tags,
            Grants = token.Grants,
            Enrolled = now,
        };
        Claims.Take(draft, node);
        draft.Put(StoreKeys.Reach(node.Id), request.Reach);
        return node;
    }

    // Addresses belong to the hostname: a machine that takes over a name gets its numbers.
    private static NodeNumbers? TakeOver(Draft draft, EnrolmentRequest request, TokenRecord token)
    {
        if (draft.State.MemberByHostName(request.HostName) is not { } owner)
            return null;
        if (!token.Replace)
            throw new RefusalException(RefusalReason.Taken,
                $"The hostname \"{request.HostName}\" belongs to another machine, node {owner.Record.Id} ({owner.Record.Address4}). Choose another with --hostname, "
                + $"or have an administrator run `meshover node remove {request.HostName}`, or join with a token made by `meshover token create --replace`.");
        Departure.Replaced(draft, owner.Record);
        return NumbersOf(owner.Record) with { Further = owner.Record.Further, Resting = owner.Record.Resting };
    }

    // An identity that an administrator let back in gets what it had while that still rests; what it was given beside, like its grants, went with the node.
    private static NodeNumbers? TakeBack(Draft draft, EnrolmentRequest request, IdentityRecord? identity, long now)
    {
        if (identity is null || !draft.State.Nodes.TryGetValue(identity.Node, out var former)
            || former.Record.Identity != request.Identity || former.Record.RestsUntil == 0)
            return null;
        draft.Put(StoreKeys.Node(former.Record.Id), former.Record with { RestsUntil = 0 });
        return NumbersOf(former.Record) with { Resting = FurtherAddresses.AllResting(former.Record, now) };
    }

    // A node that is changing its key names one of the two.
    private static ImmutableArray<string> KeysOf(StoredNode member, EnrolmentRequest request) =>
        member.WireGuardKeys.Contains(request.WireGuardKey) ? member.WireGuardKeys : [request.WireGuardKey];

    /// <summary>Brings a member up to date: another name, other WireGuard keys.</summary>
    /// <exception cref="RefusalException">The name or a key belongs to another node.</exception>
    public static StoredNode Update(Draft draft, StoredNode node, string hostName, ImmutableArray<string> wireGuardKeys)
    {
        var updated = node;
        if (node.HostName != hostName)
            updated = TakeName(draft, updated, hostName);
        updated = Claims.ChangeWireGuardKeys(draft, updated, wireGuardKeys);
        if (updated != node)
            draft.Put(StoreKeys.Node(node.Id), updated);
        return updated;
    }

    /// <summary>An administrator gives a member another name, of which the node may not have heard yet when it says its former one.</summary>
    /// <exception cref="RefusalException">The name belongs to another node.</exception>
    public static StoredNode Rename(Draft draft, StoredNode node, string hostName)
    {
        if (node.HostName == hostName)
            return node;
        // A record that an older release wrote has none.
        ImmutableArray<string> before = node.FormerNames.IsDefault ? [] : node.FormerNames;
        ImmutableArray<string> former = [.. before.Append(node.HostName).Where(name => name != hostName).Distinct(StringComparer.Ordinal).TakeLast(MostFormerNames)];
        return Update(draft, node with { FormerNames = former, RenamedAfter = draft.State.Revision }, hostName, node.WireGuardKeys);
    }

    private static StoredNode TakeName(Draft draft, StoredNode node, string hostName)
    {
        if (WhyNotNamed(draft, node, hostName) is { } reason)
            throw new RefusalException(RefusalReason.Taken, reason);
        draft.Delete(StoreKeys.HostName(node.HostName));
        draft.Put(StoreKeys.HostName(hostName), new ClaimRecord(node.Id));
        return node with { HostName = hostName };
    }

    /// <summary>Why a member cannot be called so, or null.</summary>
    public static string? WhyNotNamed(Draft draft, StoredNode node, string hostName) => draft.IsFree(StoreKeys.HostName(hostName))
        ? WhyNotNew(draft, hostName, node) is { } reason ? $"This machine stays the node \"{node.HostName}\": {reason} Choose another name." : null
        : $"This machine stays the node \"{node.HostName}\": \"{hostName}\" belongs to another one. Choose another with --hostname, or have an "
            + $"administrator run `meshover node remove {hostName}`.";

    /// <summary>Why a name that no node has cannot be one's all the same, or null: what DNS takes for it is another node's, or a granted address's.</summary>
    private static string? WhyNotNew(Draft draft, string hostName, StoredNode? node)
    {
        var other = HostName.OtherSpelling(hostName);
        return other is null || draft.IsFree(StoreKeys.HostName(other)) || other == node?.HostName
            ? GrantRules.WhyNotNamed(draft.State, hostName)
            : $"\"{hostName}\" and \"{other}\" are one name in DNS, where the mesh's names end in .{HostName.DefaultZone}, and \"{other}\" is another node's (`meshover node list`).";
    }

    private static NodeNumbers NumbersOf(StoredNode node) => new(node.Address4, node.Address6, node.TunnelAddress, node.Asn);
}
