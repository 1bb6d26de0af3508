using System.Collections.Immutable;
using System.Net;

namespace Meshover.Mesh.Planning;

/// <summary>A prefix that a node brings into the mesh, and what is told along with it. A bare prefix is one without attributes.</summary>
public sealed record Announcement(IPNetwork Prefix)
{
    private readonly ListOf<Community> _communities;

    /// <summary>Where several nodes announce the prefix, the smallest is preferred; the cost of links is added. Null: 0.</summary>
    public uint? Med { get; init; }

    /// <summary>In the order in which they are written.</summary>
    public ImmutableArray<Community> Communities { get => _communities.Elements; init => _communities = new(value); }

    /// <summary>It belongs here, but is not told to anybody at the moment.</summary>
    public bool IsWithdrawn { get; init; }

    /// <summary>Another node that announces it, too, comes first: it may have moved there.</summary>
    public bool Yields { get; init; }

    /// <summary>Length of the longest route by which this machine reaches it, where whoever asks for it knows that; null: nobody does.</summary>
    public int? ReachedBy { get; init; }

    /// <summary>Its one address is on an interface of ours while that is so. Of host prefixes alone.</summary>
    public bool HoldsAddress { get; init; }

    /// <summary>It lapses where the agent does not renew it: `meshover routing` takes it back.</summary>
    public bool IsLeased { get; init; }

    /// <summary>Other nodes announce it by design.</summary>
    public bool IsShared { get; init; }

    /// <summary>What this node is among those of which one has it; null: it is announced whoever else does.</summary>
    public Failover? Failover { get; init; }

    /// <summary>Something is told along with it.</summary>
    public bool HasAttributes => Med is not null || !Communities.IsEmpty;

    public static implicit operator Announcement(IPNetwork prefix) => new(prefix);
}
