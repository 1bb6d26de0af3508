using System.Collections.Immutable;
using System.Globalization;
using System.Net.Sockets;
using Meshover.Controller.State;
using Meshover.Mesh.Map;

namespace Meshover.Controller.Membership;

/// <summary>
/// Node addresses beside the first of each family: which a node gets, and what becomes of those that are taken from it. One address is claimed by one
/// node, like all numbers; one that was taken stays claimed while it rests. Pure.
/// </summary>
internal static class FurtherAddresses
{
    /// <summary>Everybody refuses those that rest, one by one: who takes and gives all the time waits.</summary>
    private const int MostWithResting = 2 * FurtherAddress.Most;

    /// <summary>So many of a node's are remembered, the last ones, for a backup from before.</summary>
    private const int MostWithdrawn = 1_024;

    /// <summary>Seconds: a stream whose node has died, or hangs, counts as seen until it is given up.</summary>
    private const long SurelyHeardAfter = 600;

    /// <param name="draft">Gets the writes.</param>
    /// <param name="node">A member.</param>
    /// <param name="address">In canonical form and out of a pool; null: the next that is free.</param>
    /// <param name="family">Of one that is chosen.</param>
    /// <param name="note">Null: none, or as it was where the node has the address.</param>
    /// <exception cref="RefusalException">It is another's, rests, or is the node's first one; the node has as many as it may have; the pool is exhausted.</exception>
    public static GivenAddress Add(Draft draft, StoredNode node, string? address, AddressFamily family, string? note)
    {
        if (node.Further.FirstOrDefault(further => further.Address == address) is { } held)
            return Keep(draft, node, held, note);
        Require(node, address);
        if (address is not null && WhyNot(draft.State, node, address) is { } reason)
            throw new RefusalException(RefusalReason.Taken, reason);
        var given = new StoredAddress(address ?? Allocator.TakeNodeAddress(draft, family), note ?? "");
        draft.Put(StoreKeys.Address(given.Address), new ClaimRecord(node.Id));
        draft.Put(StoreKeys.Node(node.Id), node with { Further = node.Further.Add(given), Resting = node.Resting.RemoveAll(resting => resting.Address == given.Address) });
        if (Withdrawn(draft.State, node.Id) is var record && record.Addresses.Contains(given.Address))
            draft.Put(StoreKeys.Withdrawn(node.Id), record with { Addresses = record.Addresses.Remove(given.Address) });
        return new GivenAddress(given, Former: null);
    }

    /// <summary>It is the node's no more, and nobody's for a while.</summary>
    /// <param name="draft">Gets the writes.</param>
    /// <param name="node">A member.</param>
    /// <param name="address">In canonical form.</param>
    /// <param name="now">Seconds since 1970, likewise below.</param>
    /// <param name="until">When it may go to another, at the earliest.</param>
    /// <exception cref="RefusalException">The node has no such further address.</exception>
    public static void Remove(Draft draft, StoredNode node, string address, long now, long until)
    {
        var further = node.Further.RemoveAll(held => held.Address == address);
        if (further.Length == node.Further.Length)
            throw new RefusalException(RefusalReason.NotFound, WhyNotHeld(node, address));
        draft.Put(StoreKeys.Node(node.Id), node with { Further = further, Resting = node.Resting.Add(new RestingAddress(address, until, now)) });
        var record = Withdrawn(draft.State, node.Id);
        draft.Put(StoreKeys.Withdrawn(node.Id), record with { Addresses = [.. record.Addresses.Remove(address).Add(address).TakeLast(MostWithdrawn)] });
    }

    /// <summary>Frees those that have rested, of nodes that were heard since they were taken: who was not may still announce them.</summary>
    /// <param name="draft">Gets the writes.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="heard">When a node was heard last; seconds since 1970.</param>
    public static void EndRests(Draft draft, long now, Func<uint, long> heard)
    {
        foreach (var node in draft.State.Nodes.Values.Where(node => node.IsActive && !node.Record.Resting.IsEmpty).Select(node => node.Record))
        {
            var over = node.Resting.Where(resting => resting.Until <= now && resting.Taken + SurelyHeardAfter < heard(node.Id)).ToList();
            foreach (var resting in over)
                draft.Delete(StoreKeys.Address(resting.Address));
            if (over.Count > 0)
                draft.Put(StoreKeys.Node(node.Id), node with { Resting = node.Resting.RemoveRange(over) });
        }
    }

    /// <summary>What were a node's, for the one that takes its place as the same machine: it has them no more, and they rest on.</summary>
    public static ImmutableArray<RestingAddress> AllResting(StoredNode node, long now) =>
        [.. node.Further.Select(further => new RestingAddress(further.Address, node.RestsUntil, now)), .. node.Resting];

    /// <summary>Of a node, whether they rest or not; in no record where nothing was ever taken.</summary>
    public static WithdrawnRecord Withdrawn(MeshState state, uint node) => state.Get<WithdrawnRecord>(StoreKeys.Withdrawn(node)) ?? new WithdrawnRecord([]);

    private static GivenAddress Keep(Draft draft, StoredNode node, StoredAddress held, string? note)
    {
        var kept = held with { Note = note ?? held.Note };
        if (kept.Note != held.Note)
            draft.Put(StoreKeys.Node(node.Id), node with { Further = node.Further.Replace(held, kept) });
        return new GivenAddress(kept, held);
    }

    /// <summary>One that it has back is none more.</summary>
    private static void Require(StoredNode node, string? address)
    {
        if (node.Further.Length >= FurtherAddress.Most)
            throw new RefusalException(RefusalReason.Precondition,
                $"Node \"{node.HostName}\" has {node.Further.Length} further addresses, and a node may have {FurtherAddress.Most}: remove some (`meshover node address list {node.HostName}`).");
        if (node.Further.Length + node.Resting.Length >= MostWithResting && !node.Resting.Any(resting => resting.Address == address))
            throw new RefusalException(RefusalReason.Precondition,
                $"{node.Resting.Length} addresses that were taken from \"{node.HostName}\" still rest, and there may be {MostWithResting} with those that it has: wait until they are free (`meshover node address list {node.HostName}`).");
    }

    private static string? WhyNot(MeshState state, StoredNode node, string address)
    {
        if (state.Get<ClaimRecord>(StoreKeys.Address(address)) is not { } claim || node.Resting.Any(resting => resting.Address == address))
            return null;
        if (claim.Node == node.Id)
            return $"{address} is the first address of \"{node.HostName}\" and stays that.";
        var name = state.Nodes.GetValueOrDefault(claim.Node)?.Record.HostName ?? $"{claim.Node}";
        return state.Member(claim.Node)?.Record.Addresses.Contains(address) == true
            ? $"{address} belongs to the node \"{name}\". Name another, or none: then one is chosen."
            : $"{address} was an address of the node \"{name}\" and rests: nobody gets it until that is over. Name another, or none: then one is chosen.";
    }

    private static string WhyNotHeld(StoredNode node, string address)
    {
        if (node.Address4 == address || node.Address6 == address)
            return $"{address} is the first address of \"{node.HostName}\", which it keeps for as long as it is a member.";
        return node.Resting.FirstOrDefault(resting => resting.Address == address) is { } rests
            ? string.Create(CultureInfo.InvariantCulture, $"{address} was taken from \"{node.HostName}\" already, and rests until {DateTimeOffset.FromUnixTimeSeconds(rests.Until):u}.")
            : $"Node \"{node.HostName}\" has no further address {address}. `meshover node address list {node.HostName}` shows what it has.";
    }
}

/// <param name="Address">As the node has it now.</param>
/// <param name="Former">As it had it before; null: it did not.</param>
internal sealed record GivenAddress(StoredAddress Address, StoredAddress? Former);
