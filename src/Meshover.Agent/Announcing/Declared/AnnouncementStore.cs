using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meshover.Agent.Announcing.Declared;

/// <summary>What was declared by command, in <c>announcements.json</c>: as it was written, with its end.</summary>
internal sealed class AnnouncementStore(string stateDirectory)
{
    private readonly string _path = Path.Combine(stateDirectory, "announcements.json");

    /// <summary>What cannot be read is nothing, and said.</summary>
    public ImmutableArray<StoredAnnouncement> Load(out string? problem)
    {
        problem = null;
        try
        {
            return File.Exists(_path) ? [.. JsonSerializer.Deserialize(File.ReadAllBytes(_path), StoredJson.Default.StoredAnnouncementArray) ?? []] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            problem = $"{_path} cannot be read ({e.Message}): what was announced by `meshover announce` is not; say it again.";
            return [];
        }
    }

    /// <exception cref="AgentException">It cannot be written; what was there stays.</exception>
    public void Save(IEnumerable<StoredAnnouncement> announcements)
    {
        try
        {
            AtomicFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes([.. announcements], StoredJson.Default.StoredAnnouncementArray));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"{_path} cannot be written ({e.Message}): nothing is changed.", e);
        }
    }
}

/// <param name="Text">A mapping of YAML, as <see cref="AnnouncementReader"/> reads it.</param>
internal sealed record StoredAnnouncement(string Text, DateTimeOffset? Expires);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(StoredAnnouncement[]))]
internal sealed partial class StoredJson : JsonSerializerContext;
