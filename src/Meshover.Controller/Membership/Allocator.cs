using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Controller.State;
using Meshover.Mesh.Addressing;

namespace Meshover.Controller.Membership;

/// <summary>The numbers of one node, all out of the mesh's pools.</summary>
internal sealed record NodeNumbers(string Address4, string Address6, string TunnelAddress, uint Asn)
{
    /// <summary>Node addresses beside the two; a node that is new has none.</summary>
    public ImmutableArray<StoredAddress> Further { get; init; } = [];

    /// <summary>Taken, and nobody's else for a while.</summary>
    public ImmutableArray<RestingAddress> Resting { get; init; } = [];
}

/// <summary>
/// Gives out node ids and numbers. The search goes round the pools from where it last ended, so that a freed number rests as long
/// as the pools allow, and takes what no key of the store claims.
/// </summary>
internal static class Allocator
{
    /// <summary>How far allocation jumps after a restore: past what was given out since the backup, in all likelihood.</summary>
    public const int RestoreJump = 4_096;

    private const string NodeAddresses4 = "IPv4 node addresses", NodeAddresses6 = "IPv6 node addresses";

    /// <exception cref="RefusalException">A pool is exhausted.</exception>
    public static NodeNumbers TakeNumbers(Draft draft)
    {
        var mesh = draft.State.Mesh;
        var from = draft.State.Allocation.NextNumber;
        var numbers = new NodeNumbers(
            TakeAddress(draft, mesh.Pool4, from, StoreKeys.Address4Folder, NodeAddresses4),
            TakeAddress(draft, mesh.Pool6, from, StoreKeys.Address6Folder, NodeAddresses6),
            TakeAddress(draft, mesh.TunnelPool, from, StoreKeys.TunnelFolder, "tunnel addresses"),
            uint.Parse(Take(draft, mesh.AsnLast - (long)mesh.AsnFirst + 1, from, StoreKeys.AsnFolder,
                "AS numbers", $"{mesh.AsnFirst}-{mesh.AsnLast}", index => $"{mesh.AsnFirst + index}")));
        draft.Put(StoreKeys.Allocation, draft.State.Allocation with { NextNumber = from + 1 });
        return numbers;
    }

    /// <summary>One node address more; it is not claimed yet.</summary>
    /// <exception cref="RefusalException">The pool is exhausted.</exception>
    public static string TakeNodeAddress(Draft draft, AddressFamily family)
    {
        var (mesh, from) = (draft.State.Mesh, draft.State.Allocation.NextNumber);
        var address = family == AddressFamily.InterNetworkV6
            ? TakeAddress(draft, mesh.Pool6, from, StoreKeys.Address6Folder, NodeAddresses6)
            : TakeAddress(draft, mesh.Pool4, from, StoreKeys.Address4Folder, NodeAddresses4);
        draft.Put(StoreKeys.Allocation, draft.State.Allocation with { NextNumber = from + 1 });
        return address;
    }

    /// <summary>A node id that was never given; it is kept in the draft's allocation record.</summary>
    public static uint TakeId(Draft draft, AllocationRecord allocation)
    {
        draft.Put(StoreKeys.Allocation, allocation with { NextId = allocation.NextId + 1 });
        return allocation.NextId;
    }

    private static string TakeAddress(Draft draft, string network, long from, string folder, string what)
    {
        var pool = new AddressPool(IPNetwork.Parse(network));
        return Take(draft, pool.Size, from, folder, what, network, index => pool.At(index).ToString());
    }

    private static string Take(Draft draft, long size, long from, string folder, string what, string name, Func<long, string> at)
    {
        // Counting first keeps a full pool from costing a walk through it on every refusal.
        for (long i = 0; draft.State.CountOf(folder) < size && i < size; i++)
        {
            var candidate = at((from + i) % size);
            if (draft.IsFree($"{folder}/{candidate}"))
                return candidate;
        }
        throw new RefusalException(RefusalReason.PoolExhausted,
            $"No {what} are left in the pool {name}: all {size} are in use or held back. Remove nodes that are gone (`meshover node remove NAME`), "
            + "or wait until removed nodes' numbers are free again.");
    }
}
