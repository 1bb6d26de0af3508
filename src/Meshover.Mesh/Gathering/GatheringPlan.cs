using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;

namespace Meshover.Mesh.Gathering;

/// <summary>Which packets one node carries to whom, by their source, whatever their destination outside the mesh.</summary>
public sealed record GatheringPlan
{
    private readonly ListOf<GatheredRange> _ranges;
    private readonly ListOf<IPNetwork> _inside;
    private readonly ListOf<IPAddress> _spared;

    public static GatheringPlan None { get; } = new();

    /// <summary>The longest first, as the first rule that fits a packet decides.</summary>
    public ImmutableArray<GatheredRange> Ranges { get => _ranges.Elements; init => _ranges = new(value); }

    /// <summary>Destinations that packets go to as ever: the mesh's own, and what never leaves a link.</summary>
    public ImmutableArray<IPNetwork> Inside { get => _inside.Elements; init => _inside = new(value); }

    /// <summary>Addresses of this machine on the underlay that lie in a range: what it sends itself goes on leaving by the underlay.</summary>
    public ImmutableArray<IPAddress> Spared { get => _spared.Elements; init => _spared = new(value); }

    /// <summary>While no owner lives, packets leave by this node's own default route; else they are refused.</summary>
    public bool FallsBack { get; init; }
}

/// <summary>One range of source addresses.</summary>
public sealed record GatheredRange(IPNetwork Range)
{
    private readonly ListOf<GatherOwner> _owners;

    /// <summary>In an order that all nodes agree on: by priority, then by id. Never empty.</summary>
    public ImmutableArray<GatherOwner> Owners { get => _owners.Elements; init => _owners = new(value); }
}

/// <summary>Who may have the packets of a range.</summary>
/// <param name="Node">Whose it is.</param>
/// <param name="HostName">For people.</param>
/// <param name="Address">Of the range's family: the route to it is the way to the owner.</param>
/// <param name="Priority">The greatest comes first.</param>
/// <param name="IsFailing">By its own check it cannot take packets out.</param>
/// <param name="IsSelf">It is this node.</param>
public sealed record GatherOwner(NodeId Node, string HostName, IPAddress Address, int Priority, bool IsFailing, bool IsSelf)
{
    /// <summary>Of owners with one priority, the greatest has what comes up at this node: another one for each node, so that they share, and where one goes only its part moves.</summary>
    public ulong Share { get; init; }
}
