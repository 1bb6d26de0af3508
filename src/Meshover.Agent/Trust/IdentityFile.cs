using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.Mesh.Identity;

namespace Meshover.Agent.Trust;

/// <summary>The form of identity.json.</summary>
internal sealed class IdentityFile
{
    public int Version { get; init; } = 1;
    public required string HostName { get; init; }
    public required string IdentityKey { get; init; }
    public required string Certificate { get; init; }
    public required string WireGuardPrivateKey { get; init; }
    public long WireGuardKeyMade { get; init; }
    public KeyChange? KeyChange { get; init; }
    public ImmutableArray<string> Controllers { get; init; } = [];
    public ImmutableArray<string> CaPins { get; init; } = [];
    public string? Credential { get; init; }
    public long CredentialExpires { get; init; }
    public uint NodeId { get; init; }
    public string? Address4 { get; init; }
    public string? Address6 { get; init; }
    public string? TunnelAddress { get; init; }
    public uint Asn { get; init; }
    public string? Settings { get; init; }

    public static byte[] ToJson(NodeIdentity identity) => JsonSerializer.SerializeToUtf8Bytes(
        new IdentityFile
        {
            HostName = identity.HostName,
            IdentityKey = identity.IdentityKeyPem,
            Certificate = identity.CertificatePem,
            WireGuardPrivateKey = identity.WireGuardPrivateKey,
            WireGuardKeyMade = identity.WireGuardKeyMade,
            KeyChange = identity.KeyChange,
            Controllers = identity.Controllers,
            CaPins = identity.CaPins,
            Credential = identity.Credential,
            CredentialExpires = identity.CredentialExpires,
            NodeId = identity.Numbers?.Id.Value ?? 0,
            Address4 = identity.Numbers?.Address4.ToString(),
            Address6 = identity.Numbers?.Address6.ToString(),
            TunnelAddress = identity.Numbers?.TunnelAddress.ToString(),
            Asn = identity.Numbers?.Asn.Value ?? 0,
            Settings = identity.Settings,
        },
        IdentityJsonContext.Default.IdentityFile);

    public static NodeIdentity FromJson(ReadOnlySpan<byte> json)
    {
        var file = JsonSerializer.Deserialize(json, IdentityJsonContext.Default.IdentityFile) ?? throw new FormatException("It is empty.");
        if (file.Version != 1)
            throw new FormatException($"It has version {file.Version}; this release knows version 1.");
        return new NodeIdentity
        {
            HostName = file.HostName,
            IdentityKeyPem = file.IdentityKey,
            CertificatePem = file.Certificate,
            WireGuardPrivateKey = ReadWireGuardKey(file.WireGuardPrivateKey),
            WireGuardKeyMade = file.WireGuardKeyMade,
            KeyChange = file.KeyChange is { } change ? change with { OtherPrivateKey = ReadWireGuardKey(change.OtherPrivateKey) } : null,
            Controllers = file.Controllers,
            CaPins = file.CaPins,
            Credential = file.Credential,
            CredentialExpires = file.CredentialExpires,
            Numbers = file.NodeId == 0 ? null : file.ReadNumbers(),
            Settings = file.Settings,
        };
    }

    // A private key has the form of a public one.
    private static string ReadWireGuardKey(string text) => WireGuardPublicKey.TryParse(text, out _)
        ? text
        : throw new FormatException("Its WireGuard key is not valid.");

    private NodeNumbers ReadNumbers() => new(
        new NodeId(NodeId), IPAddress.Parse(Address4 ?? ""), IPAddress.Parse(Address6 ?? ""), IPAddress.Parse(TunnelAddress ?? ""), new Asn(Asn));
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(IdentityFile))]
internal sealed partial class IdentityJsonContext : JsonSerializerContext;
