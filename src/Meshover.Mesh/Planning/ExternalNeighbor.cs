using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Planning;

/// <summary>A BGP router outside the mesh that this node speaks to. It has an address, an interface, or both.</summary>
public sealed record ExternalNeighbor
{
    public const int DefaultPort = 179;
    public const int DefaultMaximumPrefix = 1000;

    /// <summary>Null: the one router on <see cref="Interface"/>, which is found by its router advertisements (unnumbered).</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Needed where there is no address, or a link-local one.</summary>
    public string? Interface { get; init; }
    public required Asn RemoteAs { get; init; }

    /// <summary>The AS number that it is told instead of the node's own; null: that one.</summary>
    public Asn? LocalAs { get; init; }

    /// <summary>Of TCP's MD5 signatures (RFC 2385); null: none.</summary>
    public string? Password { get; init; }

    /// <summary>TCP port that is dialled.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>An address of this machine, or an interface; null: as the route goes.</summary>
    public string? UpdateSource { get; init; }

    /// <summary>GTSM (RFC 5082): most hops that it may be away; null: not looked at.</summary>
    public int? TtlSecurityHops { get; init; }

    /// <summary>TTL of what is sent to it; null: it is on the link.</summary>
    public int? EbgpMultihop { get; init; }
    public bool Bfd { get; init; }

    /// <summary>Accepted prefixes of one family beyond which its session is closed for five minutes.</summary>
    public int MaximumPrefix { get; init; } = DefaultMaximumPrefix;

    /// <summary>What is taken from it, of what the grants allow.</summary>
    public NeighborFilter In { get; init; } = new();

    /// <summary>What it is told; without prefixes nothing (RFC 8212).</summary>
    public NeighborFilter Out { get; init; } = new();

    /// <summary>As FRR knows it.</summary>
    public string Name => Address?.ToString() ?? Interface!;

    /// <summary>Whether prefixes of this family are spoken of: both but where the session is IPv4.</summary>
    public bool Speaks(AddressFamily family) => family == AddressFamily.InterNetwork || Address?.AddressFamily != AddressFamily.InterNetwork;
}

/// <summary>Which routes pass in one direction. What is not said restricts nothing.</summary>
public sealed record NeighborFilter
{
    private readonly ListOf<PrefixRange> _prefixes;
    private readonly ListOf<Community> _communities;

    public ImmutableArray<PrefixRange> Prefixes { get => _prefixes.Elements; init => _prefixes = new(value); }

    /// <summary>A regular expression of FRR's over the AS path; null: any.</summary>
    public string? AsPath { get; init; }

    /// <summary>In: routes with at least one of them pass. Out: all are added.</summary>
    public ImmutableArray<Community> Communities { get => _communities.Elements; init => _communities = new(value); }

    /// <summary>The default route passes.</summary>
    public bool DefaultRoute { get; init; }
}

/// <summary>Prefixes within one, of some lengths.</summary>
/// <param name="Least">At least the prefix's own length.</param>
/// <param name="Most">At least <paramref name="Least"/>, at most 32 or 128.</param>
public readonly record struct PrefixRange(IPNetwork Prefix, int Least, int Most);
