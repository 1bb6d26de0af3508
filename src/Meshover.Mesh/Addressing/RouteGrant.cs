using System.Net;

namespace Meshover.Mesh.Addressing;

/// <summary>The right of a node's AS number to originate a prefix, up to a length: what a VRP is in RFC 6811.</summary>
/// <param name="Prefix">Host bits zero.</param>
/// <param name="MaxLength">Longest announced prefix length, at least the prefix's own, at most 32 or 128.</param>
public readonly record struct RouteGrant(IPNetwork Prefix, int MaxLength)
{
    /// <summary>Grants exactly this prefix.</summary>
    public RouteGrant(IPNetwork prefix) : this(prefix, prefix.PrefixLength) { }

    /// <summary>What is sent there goes nowhere while its owner is away, although somebody else is granted a prefix around it.</summary>
    public bool IsPinned { get; init; }

    /// <summary>The node may gather ranges in it: others carry packets of such a source to it.</summary>
    public bool MayGather { get; init; }

    /// <summary>Out of the mesh's workload pool, as the node wished.</summary>
    public bool IsAssigned { get; init; }

    /// <summary>What its one address is called in the mesh's zone of DNS; null: nothing. Routing has nothing to do with it.</summary>
    public string? Name { get; init; }

    public bool Covers(IPNetwork announced) =>
        announced.BaseAddress.AddressFamily == Prefix.BaseAddress.AddressFamily
        && announced.PrefixLength >= Prefix.PrefixLength
        && announced.PrefixLength <= MaxLength
        && Prefix.Contains(announced.BaseAddress);
}
