using System.Text.Json.Serialization;
using Meshover.Lab.Machines;
using Meshover.Lab.Underlays;

namespace Meshover.Lab;

/// <summary>What lab is wanted.</summary>
public sealed record LabOptions
{
    /// <summary>Of the user's own lab. Tests take another, so that they do not disturb it.</summary>
    public const string DefaultPrefix = "mo";

    /// <summary>Starts the names of the network namespaces; at most 8 lower-case letters, digits and hyphens.</summary>
    public string Prefix { get; init; } = DefaultPrefix;

    /// <summary>1 to <see cref="AddressPlan.MostNodes"/>.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>The nodes are at these in turn; empty: at none.</summary>
    public IReadOnlyList<string> Sites { get; init; } = [];

    [JsonConverter(typeof(JsonStringEnumConverter<UnderlayKind>))]
    public UnderlayKind Underlay { get; init; }

    /// <summary>Nodes whose programs are those of another Debian, by their names: a directory with its <c>usr</c>. <c>./dev</c> makes them.</summary>
    public IReadOnlyDictionary<string, string> Systems { get; init; } = new Dictionary<string, string>();

    [JsonIgnore]
    public LabPaths Paths => new(Prefix);
}
