using System.Collections.Immutable;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Map;

/// <summary>The whole mesh at one revision of one store. Immutable.</summary>
public sealed record MeshMap
{
    /// <summary>Names the store that counts the revisions; a restored backup has a new one.</summary>
    public required string StoreId { get; init; }
    public required long Revision { get; init; }
    public required MeshSettings Settings { get; init; }
    public required ImmutableSortedDictionary<NodeId, MeshNode> Nodes { get; init; }

    /// <summary>Nodes that were removed: never kept, whatever an older map says.</summary>
    public ImmutableSortedSet<NodeId> Tombstones { get; init; } = [];

    /// <summary>Nodes that were told in a way that cannot be used, with why: the map does without them.</summary>
    public ImmutableSortedDictionary<NodeId, string> LeftOut { get; init; } = ImmutableSortedDictionary<NodeId, string>.Empty;

    /// <summary>Why the settings are those of an earlier map; empty where they are its own.</summary>
    public string SettingsProblem { get; init; } = "";
}
