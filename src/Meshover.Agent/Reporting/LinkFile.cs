using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Paths;

namespace Meshover.Agent.Reporting;

/// <summary><c>links.json</c> in the state's directory: how good the links were, so that an agent that starts anew moves no way until it has measured them itself.</summary>
public sealed class LinkFile(string directory)
{
    private const int MostRead = 1 << 20;

    public string FilePath { get; } = Path.Combine(directory, "links.json");

    /// <summary>Empty where there is none, or it cannot be read: all is measured within seconds.</summary>
    internal ImmutableSortedDictionary<NodeId, LinkQuality> Load()
    {
        try
        {
            if (new FileInfo(FilePath).Length > MostRead)
                return ImmutableSortedDictionary<NodeId, LinkQuality>.Empty;
            var memory = JsonSerializer.Deserialize(File.ReadAllBytes(FilePath), LinkJson.Default.LinkMemory);
            var isOfThisBoot = memory?.Boot == Boot.Id();
            return (memory?.Links ?? []).Where(IsRight).DistinctBy(link => link.Node).ToImmutableSortedDictionary(link => new NodeId(link.Node), link => QualityOf(link, isOfThisBoot));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return ImmutableSortedDictionary<NodeId, LinkQuality>.Empty;
        }
    }

    /// <summary>What cannot be written is measured again.</summary>
    internal void Save(ImmutableSortedDictionary<NodeId, LinkQuality> links)
    {
        try
        {
            AtomicFile.Write(FilePath, JsonSerializer.SerializeToUtf8Bytes(
                new LinkMemory([.. links.Select(link => new LinkEntry(link.Key.Value, link.Value.Rtt, link.Value.IsJittery, link.Value.Loss, link.Value.Bfd))], Boot.Id()), LinkJson.Default.LinkMemory));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Nothing is measured any more.</summary>
    internal void Forget()
    {
        try
        {
            File.Delete(FilePath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A later start tries again.
        }
    }

    /// <summary>A machine that has just started is busy, and so may its neighbours be: a link must show again that it may be given up soon.</summary>
    private static LinkQuality QualityOf(LinkEntry link, bool isOfThisBoot) =>
        new(link.Rtt, link.Jitter, link.Loss) { Bfd = link.Bfd == BfdProfile.Lan && !isOfThisBoot ? BfdProfile.Wan : link.Bfd };

    private static bool IsRight(LinkEntry link) => link is { Node: > 0, Rtt: >= 0 and <= LinkQuality.MostRtt, Loss: >= 0 and <= LinkQuality.MostLoss, Bfd: >= BfdProfile.Wan and <= BfdProfile.Lossy };
}

/// <param name="Boot">Of the kernel when it was written; empty: an earlier release wrote it.</param>
internal sealed record LinkMemory(List<LinkEntry> Links, string Boot = "");

internal sealed record LinkEntry(uint Node, int Rtt, bool Jitter, int Loss, BfdProfile Bfd = BfdProfile.Wan);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LinkMemory))]
internal sealed partial class LinkJson : JsonSerializerContext;
