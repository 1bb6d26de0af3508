using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

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

    /// <summary>Empty where there is none, or it cannot be read: the providers tell it all again.</summary>
    internal ImmutableArray<KnownProvider> Load()
    {
        try
        {
            return [.. (JsonSerializer.Deserialize(File.ReadAllBytes(FilePath), ProviderJson.Default.ListProviderEntry) ?? [])
                .OfType<ProviderEntry>()
                .Where(entry => ProviderName.Problem(entry.Name) is null)
                .Select(entry => new KnownProvider(entry.Name, [.. entry.Prefixes.OfType<string>().Select(IPNetwork.Parse)]))
                .DistinctBy(known => known.Name, StringComparer.Ordinal)
                .Take(ProviderTable.MostProviders)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            return [];
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
internal sealed partial class ProviderJson : JsonSerializerContext;
