using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meshover.WireGuard.Control;

/// <summary>What a request asks for.</summary>
internal enum ControlOperation
{
    Status = 0,
    Apply,
    Update,
    SetEndpoint,
    Stop,
}

/// <summary>
/// One request: a line of JSON. Fields that the operation does not use are left out, unknown ones are ignored, so that programs of
/// neighbouring releases understand one another; <see cref="Version"/> goes up only when an old meaning changes.
/// </summary>
internal sealed record ControlRequest
{
    // The serializer leaves a property with "set" alone where JSON lacks it, but gives one with "init" its type's default.
    public const int CurrentVersion = 1;

    public int Version { get; set; } = CurrentVersion;
    public ControlOperation Operation { get; init; }
    public DataplaneConfig? Config { get; init; }
    public ImmutableArray<PeerConfig> Upserts { get; init => field = value.IsDefault ? [] : value; } = [];
    public ImmutableArray<WireGuardKey> Removed { get; init => field = value.IsDefault ? [] : value; } = [];
    public WireGuardKey? Key { get; init; }
    public IPEndPoint? Endpoint { get; init; }

    /// <summary>With <see cref="ControlOperation.Stop"/>: delete the devices, the UAPI socket and the state too.</summary>
    public bool Teardown { get; init; }
}

/// <summary>One answer: a line of JSON. No <see cref="Error"/>: it is done.</summary>
internal sealed record ControlResponse
{
    public int Version { get; set; } = ControlRequest.CurrentVersion;
    public DataplaneError? Error { get; init; }
    public string? Message { get; init; }
    public DataplaneStatus? Status { get; init; }
}

/// <summary>What the engine writes down to come back alone.</summary>
internal sealed record SavedState
{
    public int Version { get; set; } = ControlRequest.CurrentVersion;
    public required DataplaneConfig Config { get; init; }

    /// <summary>Where peers were when the state was written, if not where the configuration says.</summary>
    public ImmutableArray<SavedEndpoint> Endpoints { get; init => field = value.IsDefault ? [] : value; } = [];
}

internal sealed record SavedEndpoint(WireGuardKey PublicKey, IPEndPoint Endpoint);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    Converters = [typeof(IPAddressConverter), typeof(IPNetworkConverter), typeof(IPEndPointConverter)])]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlResponse))]
[JsonSerializable(typeof(SavedState))]
internal sealed partial class ControlJson : JsonSerializerContext;
