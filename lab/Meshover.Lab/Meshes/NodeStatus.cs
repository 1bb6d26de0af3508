using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meshover.Lab.Meshes;

/// <summary>What <c>meshover status --json</c> says, as far as the lab uses it.</summary>
public sealed record NodeStatus
{
    public required string Hostname { get; init; }
    public required uint Asn { get; init; }

    [JsonConverter(typeof(AddressConverter))]
    public required IPAddress Address4 { get; init; }

    [JsonConverter(typeof(AddressConverter))]
    public required IPAddress Address6 { get; init; }

    /// <summary>connected | connecting | unreachable | refused</summary>
    public required string ControllerState { get; init; }
    public IReadOnlyList<PeerState> Peers { get; init; } = [];
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <exception cref="LabException">It is not the JSON that this lab knows.</exception>
    public static NodeStatus Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, NodeStatusJson.Default.NodeStatus) ?? throw new LabException("`meshover status --json` printed null");
        }
        catch (JsonException error)
        {
            throw new LabException($"`meshover status --json` printed something else than expected: {error.Message}", error);
        }
    }

    internal sealed class AddressConverter : JsonConverter<IPAddress>
    {
        public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            IPAddress.TryParse(reader.GetString(), out var address) ? address : throw new JsonException($"\"{reader.GetString()}\" is no address");

        public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}

/// <summary>A node's view of one peer.</summary>
public sealed record PeerState
{
    public required string Hostname { get; init; }
    public required string Endpoint { get; init; }

    /// <summary>direct | transit | none</summary>
    public required string Path { get; init; }
    public required string BgpState { get; init; }
    public required uint PrefixesReceived { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NodeStatus))]
internal sealed partial class NodeStatusJson : JsonSerializerContext;
