using System.Text.Json.Serialization;
using Meshover.Lab.Reach;

namespace Meshover.Lab.Commands;

/// <summary>What <c>up --check --json</c> prints.</summary>
internal sealed record LabVerdict(
    [property: JsonPropertyName("ok")] bool Ok,
    [property: JsonPropertyName("pairs")] IReadOnlyList<PairResult> Pairs);
