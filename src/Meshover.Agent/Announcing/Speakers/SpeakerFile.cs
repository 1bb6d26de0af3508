using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meshover.Agent.Announcing.Speakers;

/// <summary>A speaker as a later agent is to know it.</summary>
/// <param name="Id">Router id, its first byte the highest.</param>
/// <param name="As">Its AS number.</param>
/// <param name="Prefixes">What it told and may be passed on.</param>
internal sealed record KnownSpeaker(uint Id, uint As, List<IPNetwork> Prefixes);

/// <summary><c>speakers.json</c> in the state's directory: what the speakers told last, so that an agent that starts withdraws nothing of it.</summary>
public sealed class SpeakerFile(string directory)
{
    public string FilePath { get; } = Path.Combine(directory, "speakers.json");

    /// <summary>Empty where there is none, or it cannot be read, or is from before the machine's start: the speakers tell it all again.</summary>
    internal List<KnownSpeaker> Load()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(FilePath), SpeakerJson.Default.SpeakerMemory) is { } memory && memory.Boot == Boot.Id()
                ? [.. memory.Speakers.Select(entry => new KnownSpeaker(entry.Id, entry.As, [.. entry.Prefixes.Select(IPNetwork.Parse)]))]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            return [];
        }
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    internal void Save(List<KnownSpeaker> speakers) => AtomicFile.Write(
        FilePath, JsonSerializer.SerializeToUtf8Bytes(
            new SpeakerMemory(Boot.Id(), [.. speakers.Select(speaker => new SpeakerEntry(speaker.Id, speaker.As, [.. speaker.Prefixes.Select(prefix => prefix.ToString()).Order(StringComparer.Ordinal)]))]),
            SpeakerJson.Default.SpeakerMemory));

    /// <summary>Nobody may speak any more.</summary>
    internal void Forget()
    {
        try
        {
            File.Delete(FilePath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A later start tries again; it is read by none until then.
        }
    }
}

internal sealed record SpeakerMemory(string Boot, List<SpeakerEntry> Speakers);

internal sealed record SpeakerEntry(uint Id, uint As, List<string> Prefixes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SpeakerMemory))]
internal sealed partial class SpeakerJson : JsonSerializerContext;
