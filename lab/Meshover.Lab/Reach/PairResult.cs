using System.Text.Json.Serialization;

namespace Meshover.Lab.Reach;

/// <summary>One direction of one pair over one family.</summary>
/// <param name="Family">4 or 6.</param>
/// <param name="Problem">Why not, where something is wrong.</param>
public sealed record PairResult(
    [property: JsonPropertyName("from")] string From,
    [property: JsonPropertyName("to")] string To,
    [property: JsonPropertyName("family")] int Family,
    [property: JsonPropertyName("ping")] bool Ping,
    [property: JsonPropertyName("tcp")] bool Tcp,
    [property: JsonPropertyName("rtt_us")] long? RttMicroseconds,
    [property: JsonPropertyName("problem"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Problem = null)
{
    [JsonIgnore]
    public bool Ok => Ping && Tcp;

    public override string ToString() =>
        $"{From} -> {To} IPv{Family}  ping {(Ping ? $"{RttMicroseconds / 1000.0:0.00} ms" : "LOST")}  tcp {(Tcp ? "ok" : "FAILED: " + Problem)}";
}
