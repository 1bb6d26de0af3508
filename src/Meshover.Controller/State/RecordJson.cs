using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Meshover.Controller.State;

/// <summary>Records to and from the store's bytes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(MeshRecord))]
[JsonSerializable(typeof(SecretRecord))]
[JsonSerializable(typeof(AllocationRecord))]
[JsonSerializable(typeof(FloorRecord))]
[JsonSerializable(typeof(StoredNode))]
[JsonSerializable(typeof(ReachRecord))]
[JsonSerializable(typeof(IdentityRecord))]
[JsonSerializable(typeof(WithdrawnRecord))]
[JsonSerializable(typeof(OrderRecord))]
[JsonSerializable(typeof(SessionsEndedRecord))]
[JsonSerializable(typeof(ClaimRecord))]
[JsonSerializable(typeof(TokenRecord))]
[JsonSerializable(typeof(ConsoleTokenRecord))]
[JsonSerializable(typeof(AuditRecord))]
[JsonSerializable(typeof(EventRecord))]
internal sealed partial class RecordJson : JsonSerializerContext
{
    public static byte[] Write(object record) => JsonSerializer.SerializeToUtf8Bytes(record, TypeInfo(record.GetType()));

    /// <summary>Reads the record that the key's folder says; null for a folder of a newer release.</summary>
    public static object? Read(string key, ReadOnlySpan<byte> value) =>
        TypeOf(StoreKeys.FolderOf(key)) is { } type ? JsonSerializer.Deserialize(value, TypeInfo(type)) : null;

    private static Type? TypeOf(string folder) => folder switch
    {
        StoreKeys.Mesh => typeof(MeshRecord),
        StoreKeys.Secret => typeof(SecretRecord),
        StoreKeys.Allocation => typeof(AllocationRecord),
        StoreKeys.Floor => typeof(FloorRecord),
        StoreKeys.NodeFolder => typeof(StoredNode),
        StoreKeys.ReachFolder => typeof(ReachRecord),
        StoreKeys.IdentityFolder => typeof(IdentityRecord),
        StoreKeys.TokenFolder => typeof(TokenRecord),
        StoreKeys.ConsoleFolder => typeof(ConsoleTokenRecord),
        StoreKeys.WithdrawnFolder => typeof(WithdrawnRecord),
        StoreKeys.OrderFolder => typeof(OrderRecord),
        StoreKeys.Ended => typeof(SessionsEndedRecord),
        StoreKeys.AuditFolder or StoreKeys.RoutineFolder => typeof(AuditRecord),
        StoreKeys.EventFolder => typeof(EventRecord),
        StoreKeys.HostNameFolder or StoreKeys.Address4Folder or StoreKeys.Address6Folder
            or StoreKeys.TunnelFolder or StoreKeys.AsnFolder or StoreKeys.WireGuardFolder => typeof(ClaimRecord),
        _ => null,
    };

    private static JsonTypeInfo TypeInfo(Type type) =>
        Default.GetTypeInfo(type) ?? throw new InvalidOperationException($"{type.Name} is not a record of the store.");
}
