using System.Globalization;
using System.Text;
using Meshover.WireGuard.Control;

namespace Meshover.WireGuard.Uapi;

/// <summary>The lines that answer <c>get=1</c>: the interface, then its peers.</summary>
internal static class UapiReport
{
    public static string Write(Engine engine)
    {
        var text = new StringBuilder();
        if (engine.Config is { } config)
        {
            if (!config.PrivateKey.IsZero)
                Line(text, "private_key", Convert.ToHexStringLower(config.PrivateKey.Bytes));
            Line(text, "listen_port", engine.Pipeline.State.Udp?.Port ?? config.ListenPort);
            if (config.FirewallMark != 0)
                Line(text, "fwmark", config.FirewallMark);
        }
        foreach (var peer in engine.Peers)
            WritePeer(text, peer);
        return text.ToString();
    }

    private static void WritePeer(StringBuilder text, EnginePeer entry)
    {
        var config = entry.Config;
        Line(text, "public_key", Convert.ToHexStringLower(config.PublicKey.Bytes));
        Line(text, "preshared_key", Convert.ToHexStringLower(config.PresharedKey.GetValueOrDefault().Bytes));
        Line(text, "protocol_version", 1);
        if (entry.EndPoint is { } endpoint)
            Line(text, "endpoint", endpoint.ToString());
        var at = (entry.Peer.Session.LastHandshakeTime ?? DateTimeOffset.UnixEpoch) - DateTimeOffset.UnixEpoch;
        Line(text, "last_handshake_time_sec", (long)at.TotalSeconds);
        Line(text, "last_handshake_time_nsec", at.Ticks % TimeSpan.TicksPerSecond * 100);
        Line(text, "tx_bytes", entry.Peer.SentBytes);
        Line(text, "rx_bytes", entry.Peer.ReceivedBytes);
        Line(text, "persistent_keepalive_interval", config.PersistentKeepalive);
        foreach (var prefix in config.AllowedIps)
            Line(text, "allowed_ip", prefix.ToString());
    }

    private static void Line(StringBuilder text, string key, long value) => Line(text, key, value.ToString(CultureInfo.InvariantCulture));

    private static void Line(StringBuilder text, string key, string value) => text.Append(key).Append('=').Append(value).Append('\n');
}
