using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.Console.UseCases;
using Meshover.Controller.Stores;

namespace Meshover.Controller.Console.Past;

/// <summary>What is kept of the mesh's picture: what is drawn, and what needed somebody. As JSON, deflated; members are only ever added.</summary>
internal sealed record MomentRecord(ImmutableArray<MomentNode> Nodes, ImmutableArray<MomentLink> Links, ImmutableArray<MomentProblem> Problems)
{
    public static byte[] Write(MeshView view) => DeflatedJson.Write(Of(view), MomentJson.Default.MomentRecord);

    /// <summary>The same, not deflated.</summary>
    public static byte[] Plain(MeshView view) => JsonSerializer.SerializeToUtf8Bytes(Of(view), MomentJson.Default.MomentRecord);

    private static MomentRecord Of(MeshView view) =>
        new(
            [.. view.Vertices.Select(vertex => new MomentNode(vertex.Id, vertex.Name, vertex.Site, vertex.State, vertex.Health, vertex.Members, vertex.IsTransit))],
            [.. view.Links.Select(link => new MomentLink(link.From, link.To, link.State, link.Health, Rounded(link.RttMs)))],
            [.. view.Problems.Select(problem => new MomentProblem(problem.Code, problem.Nodes, problem.Count))]);

    // As far as anybody reads them; more digits are noise, which nothing packs.
    private static double? Rounded(double? rtt) => rtt is { } ms ? Math.Round(ms, ms < 10 ? 2 : ms < 100 ? 1 : 0) : null;

    /// <exception cref="JsonException">It is none.</exception>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static MeshView Read(byte[] packed) => DeflatedJson.Read(packed, MomentJson.Default.MomentRecord).ToView();

    private MeshView ToView() => new()
    {
        Vertices = [.. Nodes.Select(node => new Vertex(node.Id, node.Name, node.Site, node.State, node.Health, node.Members, node.Transit))],
        Links = [.. Links.Select(link => new Link($"{link.From}-{link.To}", link.From, link.To, link.State, link.Health, link.Rtt))],
        Problems = [.. Problems.Select(problem => problem.Code == MeshPicture.LostCode
            ? MeshPicture.Unheard(problem.Nodes, problem.Count) : MeshPicture.ToProblem(problem.Code, [.. problem.Nodes.Select((node, i) => (node, i == 0 ? problem.Count : 0))]))],
    };
}

/// <summary>A picture without its round trips, which are others each time: two that are equal show the same mesh.</summary>
/// <param name="Digest">SHA-256, base64.</param>
internal readonly record struct MomentShape(string Digest)
{
    /// <summary>O(nodes + links).</summary>
    public static MomentShape Of(MeshView view) =>
        new(Convert.ToBase64String(SHA256.HashData(MomentRecord.Plain(view with { Links = [.. view.Links.Select(link => link with { RttMs = null })] }))));
}

/// <param name="Members">How many nodes it stands for.</param>
internal sealed record MomentNode(string Id, string Name, string Site, string State, Health Health, int Members, bool Transit);

/// <param name="Rtt">Milliseconds; null: not known.</param>
internal sealed record MomentLink(string From, string To, string State, Health Health, double? Rtt);

internal sealed record MomentProblem(string Code, ImmutableArray<string> Nodes, int Count);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MomentRecord))]
internal sealed partial class MomentJson : JsonSerializerContext;
