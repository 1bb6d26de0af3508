using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.Mesh.Addressing;

namespace Meshover.Agent.Announcing.Provided;

/// <summary>A provider as a later agent is to know it.</summary>
internal sealed record KnownProvider(string Name, ImmutableArray<IPNetwork> Prefixes);

/// <summary>
/// <c>providers.json</c> in the state's directory: what each provider told last. It holds over a reboot, too: who could tell it anew may be reached by the
/// mesh alone.
/// </summary>
public sealed class ProviderFile(string directory)
{
    public string FilePath { get; } = Path.Combine(directory, "providers.json");

    /// <summary>All of it that can be used. A damaged file is set aside, and written anew without what is damaged: the providers tell that again.</summary>
    /// <param name="problem">What was wrong with it.</param>
    internal ImmutableArray<KnownProvider> Load(out string? problem)
    {
        var known = new SortedDictionary<string, KnownProvider>(StringComparer.Ordinal);
        problem = null;
        try
        {
            foreach (var entry in JsonSerializer.Deserialize(File.ReadAllBytes(FilePath), ProviderJson.Default.ListJsonElement) ?? [])
                problem = Read(entry, known) ?? problem;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"{FilePath} cannot be read ({e.Message})";
            return [];
        }
        catch (JsonException e)
        {
            problem = e.Message;
        }
        problem = problem is null ? null : SetAside(problem, known.Values);
        return [.. known.Values];
    }

    /// <returns>Why the entry cannot be used; null: it can, and is among those that are known.</returns>
    private static string? Read(JsonElement element, SortedDictionary<string, KnownProvider> known)
    {
        try
        {
            var entry = element.Deserialize(ProviderJson.Default.ProviderEntry) ?? throw new JsonException("a provider is null");
            var added = new KnownProvider(entry.Name, [.. entry.Prefixes.Select(Prefix)]);
            return ProviderName.Problem(entry.Name)
                ?? (known.Count == ProviderTable.MostProviders ? $"there are more than {ProviderTable.MostProviders}" : known.TryAdd(entry.Name, added) ? null : $"\"{entry.Name}\" is there twice");
        }
        catch (JsonException e)
        {
            return e.Message;
        }
    }

    private static IPNetwork Prefix(string? text) => Prefixes.TryParse(text, out var prefix, out var error) ? prefix : throw new JsonException(error);

    private string SetAside(string reason, IEnumerable<KnownProvider> known)
    {
        var damaged = $"{FilePath}.damaged";
        try
        {
            File.Move(FilePath, damaged, overwrite: true);
            Save(known);
            return $"{FilePath} was damaged ({reason}) and is now {damaged}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{FilePath} is damaged ({reason}) and cannot be set aside ({e.Message})";
        }
    }

    /// <exception cref="IOException">It cannot be written; what was there stays.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    internal void Save(IEnumerable<KnownProvider> providers) => AtomicFile.Write(
        FilePath,
        JsonSerializer.SerializeToUtf8Bytes([.. providers.Select(known => new ProviderEntry(known.Name, [.. known.Prefixes.Select(prefix => prefix.ToString())]))], ProviderJson.Default.ListProviderEntry));
}

internal sealed record ProviderEntry(string Name, List<string> Prefixes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(List<ProviderEntry>))]
[JsonSerializable(typeof(List<JsonElement>))]
internal sealed partial class ProviderJson : JsonSerializerContext;
