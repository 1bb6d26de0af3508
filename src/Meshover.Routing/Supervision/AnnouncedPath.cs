using System.Collections.Immutable;
using Meshover.Mesh.Planning;

namespace Meshover.Routing.Supervision;

/// <summary>A path that bgpd has to a prefix: somebody announces that.</summary>
/// <param name="Prefix">As it was asked for.</param>
/// <param name="Origin">AS number of who announces it; 0: this node itself.</param>
public sealed record AnnouncedPath(string Prefix, uint Origin)
{
    /// <summary>What the announcer is among those of which one has it; null: it does not say.</summary>
    public Failover? Failover { get; init; }

    /// <summary>It, or somebody on the way, is about to go (RFC 8326).</summary>
    public bool IsGoing { get; init; }
}

/// <param name="FrrRunsFor">One that has just started knows nobody yet.</param>
public sealed record KnownPaths(ImmutableArray<AnnouncedPath> Paths, TimeSpan FrrRunsFor);
