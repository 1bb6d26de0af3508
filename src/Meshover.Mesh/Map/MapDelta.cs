using System.Collections.Immutable;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Map;

/// <summary>Takes a map of revision <see cref="FromRevision"/> to <see cref="Revision"/>.</summary>
public sealed record MapDelta
{
    public required long FromRevision { get; init; }
    public required long Revision { get; init; }

    /// <summary>Null where they did not change.</summary>
    public MeshSettings? Settings { get; init; }
    public ImmutableArray<MeshNode> Upserts { get; init; } = [];
    public ImmutableArray<NodeId> Removals { get; init; } = [];
}
