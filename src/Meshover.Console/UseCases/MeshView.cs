using System.Collections.Immutable;

namespace Meshover.Console.UseCases;

/// <summary>How a node, or a link, stands; in the order of what needs somebody.</summary>
public enum Health
{
    Bad,
    Warning,
    Unknown,
    Fine,
}

/// <summary>The mesh at one moment. Immutable: all viewers are shown the same one.</summary>
public sealed record MeshView
{
    public static readonly MeshView Nothing = new();

    /// <summary>By name; those that were removed as well, which are no members.</summary>
    public ImmutableArray<NodeRow> Nodes { get; init; } = [];

    /// <summary>What is drawn: the members, or groups of them in a large mesh.</summary>
    public ImmutableArray<Vertex> Vertices { get; init; } = [];
    public ImmutableArray<Link> Links { get; init; } = [];

    /// <summary>What needs somebody, the worst first.</summary>
    public ImmutableArray<Problem> Problems { get; init; } = [];

    /// <summary>Why nobody can say how the mesh is now, for people: the rest is as it was last. Null: it is as the rest says.</summary>
    public string? Away { get; init; }

    public IEnumerable<NodeRow> Members => Nodes.Where(node => !node.IsRemoved);

    /// <summary>The same with the former's own points and lines where all of them are equal, so that they can be told equal by reference. O(points + lines).</summary>
    public MeshView Sharing(MeshView former)
    {
        ArgumentNullException.ThrowIfNull(former);
        return Vertices == former.Vertices && Links == former.Links ? this : this with
        {
            Vertices = Vertices.SequenceEqual(former.Vertices) ? former.Vertices : Vertices,
            Links = Links.SequenceEqual(former.Links) ? former.Links : Links,
        };
    }
}

/// <param name="State">In a word: ok, starting, degraded, lost, unknown, removed.</param>
/// <param name="Heard">When it last said something; null: never, as far as the controller knows.</param>
/// <param name="LinksUp">Null: it does not say.</param>
/// <param name="Rx">Bytes of UDP payload since its data plane's start; null: it does not say.</param>
public sealed record NodeRow(
    uint Id, string Name, string Site, string State, Health Health, bool IsOnline, DateTimeOffset? Heard, string Address4, string Address6, string Tunnel, uint Asn,
    string Version, bool IsTransit, bool IsRemoved, int? LinksUp, int? LinksNotUp, ulong? Rx, ulong? Tx, DateTimeOffset Joined)
{
    /// <summary>Node addresses beside the two. A controller of an older release tells a console apart from it nothing of them (default).</summary>
    public ImmutableArray<AddressRow> Further { get => field.IsDefault ? [] : field; init; } = [];
    public ImmutableArray<string> Tags { get; init; } = [];
    public ImmutableArray<string> Endpoints { get; init; } = [];
    public ImmutableArray<GrantRow> Grants { get; init; } = [];

    /// <summary>What it announces now.</summary>
    public ImmutableArray<string> Announced { get; init; } = [];

    /// <summary>Of that, what others announce by design: anycast, or one of several.</summary>
    public ImmutableArray<string> Shared { get; init; } = [];

    /// <summary>Hosts that live there although another node has them, too.</summary>
    public ImmutableArray<string> Twice { get; init; } = [];

    /// <summary>Ranges of sources whose packets it wants to have; null: none.</summary>
    public GatherRow? Gathers { get; init; }

    /// <summary>It is to be left.</summary>
    public bool IsDraining { get; init; }

    /// <summary>From when on it stands so, to a second; null: that is not known.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>How it stood when the controller started, in a word, where it was not heard since; null: it was, or nothing is known. <see cref="Since"/> is of that.</summary>
    public string? LastKnown { get; init; }

    /// <summary>What it announces and was granted by nobody: all others refuse it.</summary>
    public ImmutableArray<string> NotGranted { get; init; } = [];
}

/// <summary>A node address beside the first of each family.</summary>
/// <param name="Note">What it is for; empty: nothing was said.</param>
public sealed record AddressRow(string Address, string Note);

/// <param name="Prefixes">Of the sources.</param>
/// <param name="Priority">1-255: of several owners the greatest has the packets.</param>
/// <param name="IsFailing">By its own check it cannot take them out of the mesh at the moment.</param>
public sealed record GatherRow(ImmutableArray<string> Prefixes, int Priority, bool IsFailing);

/// <summary>A point of the graph.</summary>
/// <param name="Site">Where it is drawn; empty: no site.</param>
/// <param name="Members">How many nodes it stands for.</param>
public sealed record Vertex(string Id, string Name, string Site, string State, Health Health, int Members, bool IsTransit);

/// <summary>A line of the graph.</summary>
/// <param name="State">In a few words.</param>
/// <param name="RttMs">Null: not known.</param>
public sealed record Link(string Id, string From, string To, string State, Health Health, double? RttMs)
{
    /// <summary>Both directions together; null: not known.</summary>
    public double? BytesPerSecond { get; init; }
}

/// <summary>Something that needs somebody.</summary>
/// <param name="Code">Of the catalogue of findings; it is never given another meaning.</param>
/// <param name="Meaning">What is wrong, one sentence.</param>
/// <param name="Advice">What to do, one sentence.</param>
/// <param name="Nodes">Which nodes say so, as far as they are named here.</param>
/// <param name="Count">Of how many subjects altogether.</param>
public sealed record Problem(string Code, Health Health, string Severity, string Meaning, string Advice, ImmutableArray<string> Nodes, int Count);

/// <summary>A prefix that a node may announce.</summary>
/// <param name="MaxLength">The longest prefix of it that may be announced; 0 in a wish: its own length.</param>
/// <param name="Pin">Nobody who is granted a prefix around it gets its packets while its owner is away.</param>
/// <param name="Gather">Its holder may gather packets of sources in it.</param>
/// <param name="Name">What its one address is called in the mesh's zone of DNS; empty: nothing.</param>
public sealed record GrantRow(string Prefix, int MaxLength = 0, bool Pin = false, bool Gather = false, string Name = "");

/// <summary>What a change of grants would do.</summary>
/// <param name="Effects">A sentence each, English and Japanese.</param>
public sealed record GrantPreview(ImmutableArray<(string English, string Japanese)> Effects);
