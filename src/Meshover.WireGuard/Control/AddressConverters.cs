using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Meshover.WireGuard.Control;

/// <summary>An address as text, <c>198.18.0.1</c> or <c>fd00::1</c>.</summary>
internal sealed class IPAddressConverter : JsonConverter<IPAddress>
{
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPAddress.TryParse(reader.GetString(), out var address) ? address : throw new JsonException("is not an IP address");

    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

/// <summary>A prefix as text, <c>10.0.0.0/8</c>.</summary>
internal sealed class IPNetworkConverter : JsonConverter<IPNetwork>
{
    public override IPNetwork Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPNetwork.TryParse(reader.GetString(), out var network)
            ? network
            : throw new JsonException("is not a prefix (address/length)");

    public override void Write(Utf8JsonWriter writer, IPNetwork value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

/// <summary>An endpoint as text, <c>192.0.2.1:12912</c> or <c>[2001:db8::1]:12912</c>.</summary>
internal sealed class IPEndPointConverter : JsonConverter<IPEndPoint>
{
    public override IPEndPoint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPEndPoint.TryParse(reader.GetString() ?? "", out var endpoint) && endpoint.Port != 0
            ? Plain(endpoint)
            : throw new JsonException("is not an endpoint (address:port, an IPv6 address in brackets)");

    public override void Write(Utf8JsonWriter writer, IPEndPoint value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());

    // A socket of IPv6 alone cannot send to an IPv4 address inside IPv6.
    private static IPEndPoint Plain(IPEndPoint endpoint) =>
        endpoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endpoint.Address.MapToIPv4(), endpoint.Port) : endpoint;
}
