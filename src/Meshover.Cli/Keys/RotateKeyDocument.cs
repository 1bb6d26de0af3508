using System.Text.Json.Serialization;

namespace Meshover.Cli.Keys;

/// <summary>What <c>meshover rotate-key --json</c> prints. Fields are only ever added.</summary>
internal sealed record RotateKeyDocument
{
    public int Format { get; init; } = 1;

    /// <summary>The new key, which is in use. Base64.</summary>
    public required string PublicKey { get; init; }

    /// <summary>The change had been begun before.</summary>
    public required bool Joined { get; init; }

    /// <summary>The other nodes of the mesh.</summary>
    public required uint Peers { get; init; }

    /// <summary>Those that have a session under the new key.</summary>
    public required uint Agreed { get; init; }

    /// <summary>Every node has, and the former key is given up.</summary>
    public required bool Complete { get; init; }

    public string Describe() => Complete
        ? $"The WireGuard key is now {PublicKey}, agreed with all {Peers} peers; the former one is dropped."
        : $"The WireGuard key is now {PublicKey}, agreed with {Agreed} of {Peers} peers. The others cannot be reached at present: the former key is kept "
            + "for them for at most 24 hours, and there is nothing left to do.";
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RotateKeyDocument))]
internal sealed partial class RotateKeyJson : JsonSerializerContext;
