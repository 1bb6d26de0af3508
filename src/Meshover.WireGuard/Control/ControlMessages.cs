using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Control;

/// <summary>What a request asks for. A name that an engine does not know is refused in words, see <see cref="ControlProtocol"/>.</summary>
internal enum ControlOperation
{
    Status = 0,
    Apply,
    Update,
    SetEndpoint,
    Stop,
}

/// <summary>One request: a line of JSON. Fields that the operation does not use are left out, unknown ones are ignored.</summary>
internal sealed record ControlRequest
{
    // The serializer leaves a property with "set" alone where JSON lacks it, but gives one with "init" its type's default.

    /// <summary>The version that this request is written in.</summary>
    public int Version { get; set; } = ControlProtocol.Terms.Newest;

    /// <summary>A <see cref="ControlOperation"/> by its name; as text, so that one of a newer program can be named in the answer.</summary>
    public string Operation { get; set; } = nameof(ControlOperation.Status);
    public DataplaneConfig? Config { get; init; }
    public ImmutableArray<PeerConfig> Upserts { get; init => field = value.IsDefault ? [] : value; } = [];
    public ImmutableArray<WireGuardKey> Removed { get; init => field = value.IsDefault ? [] : value; } = [];
    public WireGuardKey? Key { get; init; }
    public IPEndPoint? Endpoint { get; init; }

    /// <summary>With <see cref="ControlOperation.Stop"/>: delete the devices, the UAPI socket and the state too.</summary>
    public bool Teardown { get; init; }

    public static ControlRequest To(ControlOperation operation) => new() { Operation = operation.ToString() };
}

/// <summary>One answer: a line of JSON. No <see cref="Error"/>: it is done.</summary>
internal sealed record ControlResponse
{
    /// <summary>The version that this answer is written in.</summary>
    public int Version { get; set; } = ControlProtocol.Terms.Newest;

    /// <summary>A <see cref="DataplaneError"/> by its name; as text, so that one of a newer engine is no unreadable answer.</summary>
    public string? Error { get; init; }
    public string? Message { get; init; }
    public DataplaneStatus? Status { get; init; }

    public static ControlResponse Fail(DataplaneError error, string message) => new() { Error = error.ToString(), Message = message };
}

/// <summary>What the engine writes down to come back alone.</summary>
internal sealed record SavedState
{
    public int Version { get; set; } = ControlProtocol.Terms.Newest;
    public required DataplaneConfig Config { get; init; }

    /// <summary>Where peers were when the state was written, if not where the configuration says.</summary>
    public ImmutableArray<SavedEndpoint> Endpoints { get; init => field = value.IsDefault ? [] : value; } = [];
}

internal sealed record SavedEndpoint(WireGuardKey PublicKey, IPEndPoint Endpoint)
{
    /// <summary>
    /// The newest timestamp of an initiation of the peer, in hexadecimal: initiations that somebody recorded are worth nothing to the next
    /// engine either. Null: none came, or an older engine wrote this.
    /// </summary>
    public string? Newest { get; init; }
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    Converters = [typeof(IPAddressConverter), typeof(IPNetworkConverter), typeof(IPEndPointConverter)])]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlResponse))]
[JsonSerializable(typeof(SavedState))]
internal sealed partial class ControlJson : JsonSerializerContext;
