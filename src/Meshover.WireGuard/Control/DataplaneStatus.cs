using System.Collections.Immutable;
using System.Net;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Control;

/// <summary>What the engine does now.</summary>
public sealed record DataplaneStatus
{
    /// <summary>Version of the engine's program.</summary>
    public required string Version { get; init; }

    /// <summary>Null until a configuration has been applied.</summary>
    public string? Interface { get; init; }
    public WireGuardKey? PublicKey { get; init; }

    /// <summary>The other one that handshakes are answered with, if any (<see cref="DataplaneConfig.OtherPrivateKey"/>).</summary>
    public WireGuardKey? OtherPublicKey { get; init; }

    /// <summary>The port in use, 0 without a configuration.</summary>
    public int ListenPort { get; init; }

    /// <summary>In the order of the configuration.</summary>
    public ImmutableArray<PeerStatus> Peers { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Packets dropped since the start, by reason; reasons that never happened are left out.</summary>
    public ImmutableDictionary<string, long> Drops { get; init => field = value ?? ImmutableDictionary<string, long>.Empty; } =
        ImmutableDictionary<string, long>.Empty;

    /// <summary>What is in use: <c>udp-gso</c>, <c>udp-gro</c>, <c>tun-tso</c>, <c>tun-uso</c>, <c>ipv4</c>, <c>ipv6</c>.</summary>
    public ImmutableArray<string> Offloads { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// What seals batches of packets: <c>avx512</c> or <c>avx2</c>, our own; else <c>openssl</c>, one at a time. Null: an older engine.
    /// </summary>
    public string? Cipher { get; init; }

    /// <summary>Null: an older engine, or the kernel.</summary>
    public BuildInfo? Build { get; init; }
}

/// <summary>One peer's state. Ages are milliseconds since; -1 = never.</summary>
public sealed record PeerStatus
{
    public required WireGuardKey PublicKey { get; init; }

    /// <summary>Where packets to the peer go now; null while unknown.</summary>
    public IPEndPoint? Endpoint { get; init; }
    public required long LastHandshakeAgeMs { get; init; }

    /// <summary>Age of the last packet that was authenticated (data, keepalive or handshake).</summary>
    public required long LastReceiveAgeMs { get; init; }

    /// <summary>Bytes of UDP payload, as <c>wg show</c> counts.</summary>
    public required long RxBytes { get; init; }
    public required long TxBytes { get; init; }
    public string? LinkName { get; init; }

    /// <summary>What the link to it is made to be, in bytes: as configured, or less where the way was found narrower. 0: no link, or it is not known.</summary>
    public int LinkMtu { get; init; }

    /// <summary>Our own public key in the last handshake; null: there was none, or it is not known.</summary>
    public WireGuardKey? AgreedAs { get; init; }
}
