using System.Collections.Immutable;
using System.Globalization;
using Meshover.Controller.State;

namespace Meshover.Controller.Membership;

/// <summary>
/// What was decided against somebody: removed nodes, revoked tokens, withdrawn grants, further addresses that were taken. A restored backup must not undo it. Pure.
/// </summary>
internal static class Decisions
{
    /// <summary>Whether a record says such a thing; so does the mesh's own, which says whose decisions these are.</summary>
    public static bool IsOne(object? record) => record is IdentityRecord { Refused: not null } or StoredNode { Standing: NodeStanding.Removed }
        or TokenRecord { Revoked: true } or WithdrawnRecord or MeshRecord;

    /// <summary>Takes the decisions of a later state over into an earlier one.</summary>
    /// <param name="draft">On the earlier state; gets the writes.</param>
    /// <param name="later">The whole of it, or only its decisions.</param>
    /// <param name="restsUntil">When numbers may go to another of which the later state does not say it; seconds since 1970.</param>
    public static CarriedDecisions Carry(Draft draft, MeshState later, long restsUntil)
    {
        CarriedAddresses.FreeWhatRestedSince(draft, later);
        var departed = CarryDepartures(draft, later);
        departed += CarryIdentities(draft, later, restsUntil);
        return new CarriedDecisions(departed, CarryTokens(draft, later), CarryGrants(draft, later), CarriedAddresses.Carry(draft, later, restsUntil));
    }

    private static int CarryDepartures(Draft draft, MeshState later)
    {
        var departed = 0;
        foreach (var node in later.Nodes.Values.Select(entry => entry.Record).Where(node => node.Standing != NodeStanding.Active))
        {
            var member = draft.State.Member(node.Id)?.Record;
            if (member is not null && member.Identity == node.Identity)
            {
                Depart(draft, later, member, node);
                departed++;
            }
            else if (node.Standing == NodeStanding.Removed && !draft.State.Nodes.ContainsKey(node.Id))
            {
                Remember(draft, node);
                departed++;
            }
        }
        return departed;
    }

    private static void Depart(Draft draft, MeshState later, StoredNode member, StoredNode node)
    {
        if (node.Standing == NodeStanding.Left)
        {
            Departure.Leave(draft, member);
            return;
        }
        member = CarriedAddresses.OfRemoved(draft, member, node);
        Departure.Remove(draft, member, node.RestsUntil);
        if (node.RestsUntil == 0)
            Claims.ReleaseNumbers(draft, member);
        // It may have been allowed to join again since.
        if (later.Identity(node.Identity) is { } identity)
            draft.Put(StoreKeys.Identity(node.Identity), identity);
    }

    // One that the earlier state never had: so that it can be allowed again by its id, and its numbers rest.
    private static void Remember(Draft draft, StoredNode node)
    {
        // Of its further ones another may have some again: that takes the rest from none of the others.
        node = node with
        {
            Further = node.Further.RemoveAll(further => !draft.IsFree(StoreKeys.Address(further.Address))),
            Resting = node.Resting.RemoveAll(resting => !draft.IsFree(StoreKeys.Address(resting.Address))),
        };
        var numbers = StoreKeys.Numbers(node);
        var rests = node.RestsUntil != 0 && numbers.All(draft.IsFree);
        if (rests)
        {
            foreach (var key in numbers)
                draft.Put(key, new ClaimRecord(node.Id));
        }
        draft.Put(StoreKeys.Node(node.Id), rests ? node : node with { RestsUntil = 0 });
    }

    // A machine may have signed off, joined again as another node, and been removed as that one.
    private static int CarryIdentities(Draft draft, MeshState later, long restsUntil)
    {
        var departed = 0;
        foreach (var (key, record) in later.Records)
        {
            if (record is not IdentityRecord { Refused: not null } identity)
                continue;
            var member = draft.State.MemberByIdentity(key[(StoreKeys.IdentityFolder.Length + 1)..])?.Record;
            if (member is not null && later.Nodes.GetValueOrDefault(member.Id)?.IsActive != false)
            {
                Departure.Remove(draft, member, restsUntil);
                departed++;
            }
            draft.Put(key, identity);
        }
        return departed;
    }

    private static int CarryTokens(Draft draft, MeshState later)
    {
        var revoked = 0;
        foreach (var token in later.Tokens)
        {
            var held = draft.State.Token(token.Id);
            var carried = held is null ? token : held with { Used = Math.Max(held.Used, token.Used), Revoked = held.Revoked || token.Revoked };
            if (carried == held)
                continue;
            draft.Put(StoreKeys.Token(token.Id), carried);
            revoked += carried.Revoked && held?.Revoked != true ? 1 : 0;
        }
        return revoked;
    }

    private static int CarryGrants(Draft draft, MeshState later)
    {
        foreach (var (key, record) in later.Records.Where(entry => entry.Record is WithdrawnRecord))
            draft.Put(key, record);
        var withdrawn = later.Records.Sum(entry => IsForAStranger(draft.State, entry) ? ((WithdrawnRecord)entry.Record).Prefixes.Length : 0);
        foreach (var member in draft.State.Nodes.Values.Where(node => node.IsActive).Select(node => node.Record))
        {
            var kept = KeptGrants(member, later);
            if (kept.SequenceEqual(member.Grants) || (draft.Written<StoredNode>(StoreKeys.Node(member.Id)) ?? member).Standing != NodeStanding.Active)
                continue;
            draft.Put(StoreKeys.Node(member.Id), member with { Grants = kept });
            withdrawn += member.Grants.Length - kept.Length;
        }
        return withdrawn;
    }

    private static bool IsForAStranger(MeshState state, (string Key, object Record) entry) => entry.Record is WithdrawnRecord
        && !state.Nodes.ContainsKey(uint.Parse(entry.Key.AsSpan(StoreKeys.WithdrawnFolder.Length + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    // What both states grant, as the later one has it: it may have become narrower.
    private static ImmutableArray<StoredGrant> KeptGrants(StoredNode member, MeshState later)
    {
        if (later.Member(member.Id) is { } known)
            return [.. known.Record.Grants.Where(grant => member.Grants.Any(held => held.Prefix == grant.Prefix))];
        var withdrawn = GrantRules.WithdrawnOf(later, member.Id);
        return member.Grants.RemoveAll(grant => withdrawn.Contains(grant.Prefix));
    }
}

/// <summary>How many nodes, join tokens and grants the earlier state would have let in again, and how many further node addresses it would have given back.</summary>
internal sealed record CarriedDecisions(int Nodes, int Tokens, int Grants, int Addresses);
