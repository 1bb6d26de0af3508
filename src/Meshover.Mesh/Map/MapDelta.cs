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

    /// <inheritdoc cref="MeshMap.LeftOut"/>
    public ImmutableSortedDictionary<NodeId, string> LeftOut { get; init; } = ImmutableSortedDictionary<NodeId, string>.Empty;

    /// <summary>Why there are no new settings, though there should be; empty where nothing is wrong.</summary>
    public string SettingsProblem { get; init; } = "";
}
