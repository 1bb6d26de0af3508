using System.Globalization;
using System.Net;
using Meshover.WireGuard.Control;

namespace Meshover.WireGuard.Uapi;

/// <summary>Values as the UAPI writes them.</summary>
internal static class UapiValue
{
    public static byte[] Key(string key, string value)
    {
        var bytes = new byte[WireGuardKey.Length];
        var isKey = value.Length == 2 * WireGuardKey.Length
            && Convert.FromHexString(value, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        return isKey ? bytes : throw new UapiException($"{key} is no key of 64 hexadecimal digits");
    }

    public static uint Number(string key, string value, uint maximum) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= maximum
            ? number
            : throw new UapiException($"{key} '{value}' is no number from 0 to {maximum}");

    public static bool True(string key, string value) =>
        value == "true" ? true : throw new UapiException($"{key} can only be 'true'");

    public static IPEndPoint EndPoint(string key, string value) =>
        IPEndPoint.TryParse(value, out var endpoint) && endpoint.Port != 0
            ? endpoint
            : throw new UapiException($"{key} '{value}' is no address:port");

    /// <summary>Bits behind the length are cut off, as WireGuard does.</summary>
    public static IPNetwork Prefix(string key, string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var text = slash < 0 ? value : value[..slash];
        if (!IPAddress.TryParse(text, out var address))
            throw new UapiException($"{key} '{value}' is no prefix");
        var bytes = address.GetAddressBytes();
        var length = slash < 0 ? bytes.Length * 8 : (int)Number(key, value[(slash + 1)..], (uint)bytes.Length * 8);
        for (var bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), length);
    }
}
