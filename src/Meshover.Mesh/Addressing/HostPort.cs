using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Meshover.Mesh.Addressing;

/// <summary>A host and a TCP or UDP port: <c>name:port</c>, <c>v4:port</c> or <c>[v6]:port</c>.</summary>
/// <param name="Host">A DNS name or an address literal, without brackets.</param>
/// <param name="Port">1-65535.</param>
public sealed record HostPort(string Host, int Port)
{
    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out HostPort? value)
    {
        value = null;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (text is null || colon <= 0
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
            return false;
        var host = text[..colon];
        if (host is ['[', .. var inner, ']'])
            value = IPAddress.TryParse(inner, out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6 ? new HostPort(inner, port) : null;
        else if (Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4)
            value = new HostPort(host, port);
        return value is not null;
    }

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
