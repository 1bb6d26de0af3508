using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.Controller.State;
using Meshover.Controller.Stores;

namespace Meshover.Controller.Live;

/// <summary>
/// How nodes stood, as a file has it: what the next controller knows of those that it has not heard yet. Of single links, which may be 64 a
/// node, nothing.
/// </summary>
/// <param name="Store">Whose members they are.</param>
/// <param name="Nodes">In no order.</param>
internal sealed record LastKnown(string Store, ImmutableArray<KnownNode> Nodes)
{
    public static byte[] Write(MeshState mesh, LiveState live)
    {
        var nodes = live.Nodes
            .Where(node => node.Value.Judged is not null && mesh.Member(node.Key) is not null)
            .Select(node => new KnownNode(node.Key, mesh.Member(node.Key)!.Record.Enrolled, node.Value.Judged!.Value, node.Value.LastSeen, node.Value.LastVersion, node.Value.Health));
        return DeflatedJson.Write(new LastKnown(mesh.Mesh.StoreId, [.. nodes]), LastKnownJson.Default.LastKnown);
    }

    /// <returns>By node; of those alone that are still the same members.</returns>
    /// <exception cref="JsonException">It is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no such file, or of another store.</exception>
    public static IEnumerable<KeyValuePair<uint, LiveNode>> Read(MeshState mesh, byte[] file)
    {
        var known = DeflatedJson.Read(file, LastKnownJson.Default.LastKnown);
        if (known.Store != mesh.Mesh.StoreId && !mesh.Mesh.Ancestors.Any(ancestor => ancestor.StoreId == known.Store))
            throw new InvalidDataException($"It is of the store {known.Store}, and this one is {mesh.Mesh.StoreId}.");
        // A number may have gone to another since.
        return (known.Nodes.IsDefault ? [] : known.Nodes)
            .Where(node => node is not null && mesh.Member(node.Id) is { } member && member.Record.Enrolled == node.Enrolled)
            .DistinctBy(node => node.Id)
            .Select(node => KeyValuePair.Create(node.Id, new LiveNode { IsRecalled = true, Judged = node.Stood, LastSeen = node.Seen, LastVersion = node.Version ?? "", Health = node.Said }));
    }
}

/// <param name="Enrolled">As the store has it: together with the id it is one member's.</param>
/// <param name="Stood">How it was judged, and since when.</param>
/// <param name="Seen">When it last said something, or its last stream ended.</param>
/// <param name="Version">Of its agent.</param>
/// <param name="Said">Its last summary; null: there was none.</param>
internal sealed record KnownNode(uint Id, long Enrolled, Judgement Stood, DateTimeOffset Seen, string? Version, HealthReport? Said);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LastKnown))]
internal sealed partial class LastKnownJson : JsonSerializerContext;
