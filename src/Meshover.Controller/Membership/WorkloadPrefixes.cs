using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using Meshover.Controller.State;
using Meshover.Mesh.Addressing;

namespace Meshover.Controller.Membership;

/// <summary>
/// Prefixes out of the mesh's workload pools for the nodes that wish for one. A grant that says so is all that is kept: what somebody is granted is taken,
/// whoever granted it, and so is what a removed node had, for as long as its numbers rest. A node keeps its prefix until it leaves, wishes for another
/// length, or an administrator takes it. Pure.
/// </summary>
internal static class WorkloadPrefixes
{
    /// <summary>No node takes more than a sixteenth of a pool.</summary>
    private const int LeastOfPool = 4;

    /// <summary>Whether the node has what it wishes for.</summary>
    /// <param name="node">A member.</param>
    /// <param name="lengths">One for each family at most; up to 32 of IPv4.</param>
    public static bool Has(StoredNode node, ImmutableArray<int> lengths) => lengths.All(length => Held(node, length) is { } held && held.PrefixLength == length);

    /// <summary>Gives the node what it wishes for and has not.</summary>
    /// <returns>Why it did not get all, for its operator; empty where it did.</returns>
    public static string Assign(Draft draft, uint node, ImmutableArray<int> lengths) =>
        string.Join(" ", lengths.Select(length => Assign(draft, node, length)).Where(why => why.Length > 0));

    private static string Assign(Draft draft, uint id, int length)
    {
        if ((draft.Written<StoredNode>(StoreKeys.Node(id)) ?? draft.State.Member(id)?.Record) is not { } node || Held(node, length)?.PrefixLength == length)
            return "";
        var setting = IsV6(length) ? "workloadPool6" : "workloadPool4";
        if ((IsV6(length) ? draft.State.Mesh.WorkloadPool6 : draft.State.Mesh.WorkloadPool4) is not { } text)
            return $"announce auto/{length}: this mesh has no pool for it. An administrator sets {setting} in the controller's configuration.";
        var pool = IPNetwork.Parse(text);
        if (length < pool.PrefixLength + LeastOfPool)
            return $"announce auto/{length}: that is too much of the pool {pool} ({setting}); wish for /{pool.PrefixLength + LeastOfPool} or longer.";
        if (FirstFree(pool, length, Taken(draft.State, node.Id, pool)) is not { } prefix)
            return $"announce auto/{length}: the pool {pool} ({setting}) has no room left for it. Take grants away that nobody needs, or set a larger pool.";
        if (Held(node, length) is { } former)
        {
            GrantRules.Remove(draft, node, former.ToString());
            node = draft.Written<StoredNode>(StoreKeys.Node(id))!;
        }
        try
        {
            GrantRules.Add(draft, node, new StoredGrant(prefix.ToString(), prefix.PrefixLength) { Assigned = true });
            return "";
        }
        catch (RefusalException e)
        {
            return $"announce auto/{length}: {e.Message}";
        }
    }

    private static IPNetwork? Held(StoredNode node, int length) => node.Grants.Where(grant => grant.Assigned).Select(grant => (IPNetwork?)IPNetwork.Parse(grant.Prefix))
        .FirstOrDefault(prefix => (prefix!.Value.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6) == IsV6(length));

    private static bool IsV6(int length) => length > 32;

    /// <summary>What of the pool somebody has, or had not long ago; and what was taken from this node.</summary>
    private static IEnumerable<IPNetwork> Taken(MeshState state, uint node, IPNetwork pool) => state.Nodes.Values.Select(entry => entry.Record)
        .Where(member => member.Standing == NodeStanding.Active || member.RestsUntil != 0)
        .SelectMany(member => member.Grants.Select(grant => grant.Prefix))
        .Concat(GrantRules.WithdrawnOf(state, node))
        .Select(IPNetwork.Parse)
        .Where(prefix => Prefixes.Overlap(prefix, pool) && prefix.PrefixLength > pool.PrefixLength); // a grant around the whole pool takes nothing out of it

    /// <summary>The lowest that overlaps none of those. O(n log n) in their number.</summary>
    internal static IPNetwork? FirstFree(IPNetwork pool, int length, IEnumerable<IPNetwork> taken)
    {
        var bits = pool.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32;
        var (size, at, end) = (BigInteger.One << (bits - length), First(pool), First(pool) + (BigInteger.One << (bits - pool.PrefixLength)));
        foreach (var one in taken.OrderBy(First))
        {
            if (First(one) >= at + size)
                break;
            var behind = First(one) + (BigInteger.One << (bits - one.PrefixLength));
            if (behind > at)
                at = (behind + size - 1) / size * size;
        }
        return at + size <= end ? new IPNetwork(AddressOf(at, bits / 8), length) : null;
    }

    private static BigInteger First(IPNetwork prefix) => new(prefix.BaseAddress.GetAddressBytes(), isUnsigned: true, isBigEndian: true);

    private static IPAddress AddressOf(BigInteger value, int length)
    {
        Span<byte> bytes = stackalloc byte[length];
        var written = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        written.CopyTo(bytes[(length - written.Length)..]);
        return new IPAddress(bytes);
    }
}
