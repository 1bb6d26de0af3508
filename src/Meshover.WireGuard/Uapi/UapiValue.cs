using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Uapi;

/// <summary>Values as the UAPI writes them.</summary>
internal static class UapiValue
{
    public static byte[] Key(string key, string value)
    {
        var bytes = new byte[WireGuardKey.Length];
        var isKey = value.Length == 2 * WireGuardKey.Length
            && Convert.FromHexString(value, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        return isKey ? bytes : throw new UapiException($"{key} is not a key of 64 hexadecimal digits");
    }

    public static uint Number(string key, string value, uint maximum) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= maximum
            ? number
            : throw new UapiException($"{key} is not a number from 0 to {maximum}");

    public static bool True(string key, string value) =>
        value == "true" ? true : throw new UapiException($"{key} can only be 'true'");

    /// <summary><c>192.0.2.1:51820</c> or <c>[2001:db8::1]:51820</c>.</summary>
    public static IPEndPoint EndPoint(string key, string value)
    {
        var colon = value.LastIndexOf(':');
        if (colon < 0 || Number(key, value[(colon + 1)..], ushort.MaxValue) is not (> 0 and var port))
            throw new UapiException($"{key} is not an address:port");
        var isV6 = value.StartsWith('[') && value[..colon].EndsWith(']');
        var address = isV6 ? V6(value[1..(colon - 1)]) : V4(value[..colon]);
        return address is null
            ? throw new UapiException($"{key} is not an address:port")
            : new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, (int)port);
    }

    /// <summary>Bits behind the length are cut off, as WireGuard does.</summary>
    public static IPNetwork Prefix(string key, string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var text = slash < 0 ? value : value[..slash];
        if (text.Contains('%', StringComparison.Ordinal) || (V4(text) ?? V6(text)) is not { } address)
            throw new UapiException($"{key} is not a prefix");
        var bytes = address.GetAddressBytes();
        var length = slash < 0 ? bytes.Length * 8 : (int)Number(key, value[(slash + 1)..], (uint)bytes.Length * 8);
        for (var bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), length);
    }

    // .NET also takes the old forms, such as 10.1 for 10.0.0.1 and 010.0.0.1 for 8.0.0.1.
    private static IPAddress? V4(string text) =>
        IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetwork && address.ToString() == text
            ? address
            : null;

    // .NET also takes brackets and a port.
    private static IPAddress? V6(string text) =>
        !text.Contains('[', StringComparison.Ordinal) && IPAddress.TryParse(text, out var address)
            && address.AddressFamily == AddressFamily.InterNetworkV6
            ? address
            : null;
}
