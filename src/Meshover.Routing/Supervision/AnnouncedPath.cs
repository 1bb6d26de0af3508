using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Meshover.Mesh.Planning;

namespace Meshover.Routing.Supervision;

/// <summary>A path that bgpd has to a prefix: somebody announces that.</summary>
/// <param name="Prefix">As it was asked for.</param>
/// <param name="Origin">AS number of who announces it; 0: this node itself, also where it hands on what a router outside told it.</param>
public sealed record AnnouncedPath(string Prefix, uint Origin)
{
    /// <summary>What the announcer is among those of which one has it; null: it does not say.</summary>
    public Failover? Failover { get; init; }

    /// <summary>It, or somebody on the way, is about to go (RFC 8326).</summary>
    public bool IsGoing { get; init; }

    /// <summary>AS number of the neighbour that told it; 0: this node itself, or a daemon that does not say it.</summary>
    public uint Neighbor { get; init; }

    /// <summary>The router outside of the mesh that told it, by the address or interface of its session; null: a node did, or a daemon that does not say it.</summary>
    public string? Router { get; init; }

    /// <summary>This node announces it of itself.</summary>
    [JsonIgnore]
    public bool IsOwn => Origin == 0 && Router is null;

    /// <summary>bgpd chose it, or it is one of several that are as good.</summary>
    public bool IsUsed { get; init; }

    /// <summary>MED: what its links cost together; null: it has none.</summary>
    public uint? Cost { get; init; }
}

/// <summary>What a neighbour announces and bgpd does not take.</summary>
/// <param name="Prefix">As it was announced.</param>
/// <param name="Neighbor">The link that it came by.</param>
/// <param name="Origin">AS number of who announces it; 0: it does not say.</param>
public sealed record RefusedPath(string Prefix, string Neighbor, uint Origin)
{
    /// <summary>Of so many neighbours one may ask at once.</summary>
    public const int MostNeighbors = 64;
}

/// <param name="FrrRunsFor">One that has just started knows nobody yet.</param>
public sealed record KnownPaths(ImmutableArray<AnnouncedPath> Paths, TimeSpan FrrRunsFor);
