using System.Collections.Immutable;
using System.Net;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Control;

/// <summary>All that the engine shall be: declared whole, compared with what runs, and only the difference applied.</summary>
public sealed record DataplaneConfig
{
    /// <summary>Name of the main TUN device, which carries the tunnel addresses; 1-15 characters.</summary>
    public required string Interface { get; init; }
    public required WireGuardSecret PrivateKey { get; init; }

    /// <summary>
    /// While this node changes its key: the one that is to be, or was. Handshakes are answered with it, too, and sessions go on when the two
    /// change places. An engine that does not know this lets all sessions end with the private key.
    /// </summary>
    public WireGuardSecret? OtherPrivateKey { get; init; }

    /// <summary>UDP port, of IPv4 and IPv6 alike; 0 lets the kernel choose one.</summary>
    public required int ListenPort { get; init; }

    /// <summary>SO_MARK of the UDP sockets; 0 sets none.</summary>
    public uint FirewallMark { get; init; }

    /// <summary>MTU of the main device in bytes, 1280-65475.</summary>
    public required int Mtu { get; init; }

    /// <summary>
    /// Find out how large a packet reaches each peer in one piece, and lower its link's MTU to that, though never below 1280. Default off.
    /// </summary>
    public bool ProbePathMtu { get; init; }

    // An absent field of JSON arrives as default, here and below.
    public ImmutableArray<PeerConfig> Peers { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>One peer, known by its public key, or the two that it has while it changes it.</summary>
public sealed record PeerConfig
{
    public required WireGuardKey PublicKey { get; init; }

    /// <summary>
    /// While the peer changes its key: the one that it has beside. A peer known by either goes on with its sessions, endpoint and counters.
    /// </summary>
    public WireGuardKey? OtherPublicKey { get; init; }

    /// <summary>The one or two that it has, the preferred first.</summary>
    internal ImmutableArray<WireGuardKey> Keys => OtherPublicKey is { } other ? [PublicKey, other] : [PublicKey];

    public WireGuardSecret? PresharedKey { get; init; }

    /// <summary>
    /// Where to call the peer first. Null: it must call us. It is used when the peer is new, or when this value differs from
    /// the one applied before: an endpoint to which the peer has roamed is not disturbed by applying the same configuration again.
    /// </summary>
    public IPEndPoint? Endpoint { get; init; }

    /// <summary>Seconds, 0-65535; 0 turns it off.</summary>
    public int PersistentKeepalive { get; init; }

    /// <summary>
    /// Source prefixes taken from the peer on the main device, and destinations sent to it. A prefix belongs to one peer.
    /// </summary>
    public ImmutableArray<IPNetwork> AllowedIps { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>The GRE link to the peer; null for plain WireGuard.</summary>
    public LinkConfig? Link { get; init; }
}

/// <summary>A GRE link to one peer over the tunnel, spoken in the process: a TUN device of its own.</summary>
public sealed record LinkConfig
{
    /// <summary>Name of the TUN device; 1-15 characters.</summary>
    public required string Name { get; init; }

    /// <summary>ifalias; empty sets none.</summary>
    public string Alias { get; init => field = value ?? ""; } = "";

    /// <summary>Bytes, 1280 or more, and at least 24 less than the main device's, for GRE over IPv4.</summary>
    public required int Mtu { get; init; }

    /// <summary>Our own tunnel address (IPv4).</summary>
    public required IPAddress LocalTunnel { get; init; }

    /// <summary>The peer's tunnel address (IPv4); must be among its <see cref="PeerConfig.AllowedIps"/>.</summary>
    public required IPAddress RemoteTunnel { get; init; }
}
