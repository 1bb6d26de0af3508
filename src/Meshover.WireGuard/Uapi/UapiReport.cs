using System.Globalization;
using System.Text;
using Meshover.WireGuard.Control;

namespace Meshover.WireGuard.Uapi;

/// <summary>The answer to <c>get=1</c>: the interface, then its peers.</summary>
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
        var now = engine.Now;
        foreach (var peer in engine.Peers)
            WritePeer(text, peer, engine.WallClock, now);
        return text.Append("errno=0\n\n").ToString();
    }

    private static void WritePeer(StringBuilder text, EnginePeer entry, DateTimeOffset wallClock, long now)
    {
        var config = entry.Config;
        Line(text, "public_key", Convert.ToHexStringLower(config.PublicKey.Bytes));
        Line(text, "preshared_key", Convert.ToHexStringLower(config.PresharedKey.GetValueOrDefault().Bytes));
        Line(text, "protocol_version", 1);
        if (entry.EndPoint is { } endpoint)
            Line(text, "endpoint", endpoint.ToString());
        var handshake = entry.Peer.Session.LastHandshake;
        var at = handshake < 0 ? TimeSpan.Zero : wallClock - DateTimeOffset.UnixEpoch - TimeSpan.FromMilliseconds(now - handshake);
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
