using System.Collections.Immutable;
using Meshover.Controller.State;

namespace Meshover.Controller.Membership;

/// <summary>
/// Further node addresses after a restore: a member has those that both states give it. What was taken from it since the backup stays taken; what was
/// given to it since it has no more, as a backup says what is given, and may go on announcing for a moment: so that rests, too. Pure.
/// </summary>
internal static class CarriedAddresses
{
    /// <summary>Of all members, before anything else is carried: one of them, or a node that is removed by now, may have had since what another had before.</summary>
    public static void FreeWhatRestedSince(Draft draft, MeshState later)
    {
        foreach (var (member, known) in Members(draft, later))
        {
            if (known is not null)
                Free(draft, member, known);
        }
    }

    /// <summary>A member that was removed since, with the further addresses that it had when it was: they rest with its other numbers.</summary>
    /// <param name="draft">On the earlier state; gets the writes.</param>
    /// <param name="member">As the earlier state has it.</param>
    /// <param name="node">As the later one has it.</param>
    public static StoredNode OfRemoved(Draft draft, StoredNode member, StoredNode node)
    {
        Free(draft, member, node);
        var others = AllOf(node).Where(address => draft.State.Get<ClaimRecord>(StoreKeys.Address(address))?.Node != member.Id && !draft.IsFree(StoreKeys.Address(address))).ToHashSet(StringComparer.Ordinal);
        foreach (var address in AllOf(node).Where(address => !others.Contains(address)))
            draft.Put(StoreKeys.Address(address), new ClaimRecord(member.Id));
        return member with
        {
            Further = node.Further.RemoveAll(further => others.Contains(further.Address)),
            Resting = node.Resting.RemoveAll(resting => others.Contains(resting.Address)),
        };
    }

    /// <param name="draft">On the earlier state; gets the writes.</param>
    /// <param name="later">The whole of it, or only its decisions.</param>
    /// <param name="restsUntil">For addresses of which the later state does not say it; seconds since 1970.</param>
    /// <returns>How many the earlier state would have given back.</returns>
    public static int Carry(Draft draft, MeshState later, long restsUntil)
    {
        return Members(draft, later).ToList().Sum(one => Carry(draft, one.Member, one.Known, FurtherAddresses.Withdrawn(later, one.Member.Id).Addresses, restsUntil));
    }

    /// <summary>Those of the earlier state that are members still, each with what the later one says of it; null: nothing.</summary>
    private static IEnumerable<(StoredNode Member, StoredNode? Known)> Members(Draft draft, MeshState later)
    {
        foreach (var (id, entry) in draft.State.Nodes)
        {
            var member = draft.Written<StoredNode>(StoreKeys.Node(id)) ?? entry.Record;
            if (entry.IsActive && member.Standing == NodeStanding.Active)
                yield return (member, later.Member(id)?.Record is { } record && record.Identity == member.Identity ? record : null);
        }
    }

    /// <summary>What a node of the earlier state has no more in the later one.</summary>
    private static void Free(Draft draft, StoredNode member, StoredNode later)
    {
        foreach (var key in AllOf(member).Except(AllOf(later)).Select(StoreKeys.Address).Where(key => draft.State.Get<ClaimRecord>(key)?.Node == member.Id))
            draft.Delete(key);
    }

    private static int Carry(Draft draft, StoredNode member, StoredNode? known, ImmutableArray<string> withdrawn, long restsUntil)
    {
        var kept = member.Further.RemoveAll(further => known is null ? withdrawn.Contains(further.Address) : !known.Further.Any(other => other.Address == further.Address));
        ImmutableArray<RestingAddress> resting = [.. AllOf(member).Union(AllOf(known)).Except(kept.Select(further => further.Address))
            .Select(address => Rest(draft, member, known, address, restsUntil)).OfType<RestingAddress>()];
        if (kept.Length != member.Further.Length || !resting.SequenceEqual(member.Resting))
            draft.Put(StoreKeys.Node(member.Id), member with { Further = kept, Resting = resting });
        return member.Further.Length - kept.Length;
    }

    private static IEnumerable<string> AllOf(StoredNode? node) =>
        node is null ? [] : node.Further.Select(further => further.Address).Concat(node.Resting.Select(resting => resting.Address));

    /// <summary>Null: it is free, as its rest is over in the later state, or another's.</summary>
    private static RestingAddress? Rest(Draft draft, StoredNode member, StoredNode? known, string address, long restsUntil)
    {
        var key = StoreKeys.Address(address);
        var isItsOwn = draft.State.Get<ClaimRecord>(key)?.Node == member.Id;
        if (known is not null && !AllOf(known).Contains(address))
            return null;
        if (!isItsOwn && !draft.IsFree(key))
            return null;
        draft.Put(key, new ClaimRecord(member.Id));
        // Heard at some time after that, it has heard of it.
        return (known ?? member).Resting.FirstOrDefault(resting => resting.Address == address) ?? new RestingAddress(address, restsUntil, restsUntil);
    }
}
