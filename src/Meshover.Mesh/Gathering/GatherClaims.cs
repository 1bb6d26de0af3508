using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Planning;

namespace Meshover.Mesh.Gathering;

/// <summary>Ranges whose packets a node wants to have, by their source. It has them where the ranges lie in grants that allow it.</summary>
public sealed record GatherClaims
{
    public const int DefaultPriority = 100;
    public const int MostPriority = 255;

    /// <summary>Ranges of one node.</summary>
    public const int MostRanges = 32;

    private readonly ListOf<IPNetwork> _ranges;

    public static GatherClaims None { get; } = new();

    public ImmutableArray<IPNetwork> Ranges { get => _ranges.Elements; init => _ranges = new(value); }

    /// <summary>Of several owners the greatest has the packets, 1 to 255.</summary>
    public int Priority { get; init; } = DefaultPriority;

    /// <summary>Its own check says that it cannot take packets out at the moment.</summary>
    public bool IsFailing { get; init; }

    /// <summary>There were further ranges that this release cannot read, or does not take.</summary>
    public bool IsPartial { get; init; }
}
