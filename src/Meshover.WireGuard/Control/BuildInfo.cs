using System.Collections.Immutable;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Crypto.Batch;

namespace Meshover.WireGuard.Control;

/// <summary>Which of its builds an engine is, what it seals with, and what its processor could run (docs/decisions/013).</summary>
public sealed record BuildInfo
{
    /// <summary><c>v4</c> or <c>v3</c>, for processors of that level; <c>v1</c>, for any.</summary>
    public required string Build { get; init; }

    /// <summary>As <see cref="DataplaneStatus.Cipher"/>.</summary>
    public required string Cipher { get; init; }

    /// <summary>The levels that the processor has, the best first; none: it has no newer one than any.</summary>
    public ImmutableArray<string> Possible { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Of this program.</summary>
    public static BuildInfo Read() => new()
    {
        Build = ProcessorLevel.OfThisProgram,
        Cipher = BatchChoice.NameInUse,
        Possible = ProcessorLevel.OfTheProcessor,
    };

    /// <summary>The build that this processor could run, if that is a better one.</summary>
    public string? Better() => Possible is [var best, ..] && best != Build ? best : null;

    /// <summary>For people.</summary>
    public string Describe() =>
        $"build {Build}, cipher {Cipher}{(Better() is { } better ? $"; this processor could run build {better}" : "")}";
}
