using System.Collections.Immutable;
using System.Net;

namespace Meshover.Linux.WireGuard;

/// <summary>A WireGuard device as the kernel shows it.</summary>
public sealed record WireGuardDeviceInfo
{
    public required int LinkIndex { get; init; }

    public required string Name { get; init; }

    /// <summary>Zero where none is set.</summary>
    public CurveSecret PrivateKey { get; init; }

    /// <summary>Zero where no private key is set.</summary>
    public CurveKey PublicKey { get; init; }

    /// <summary>UDP port; 0 while the kernel has not chosen one.</summary>
    public int ListenPort { get; init; }

    /// <summary>Of the packets that it sends; 0 for none.</summary>
    public uint FirewallMark { get; init; }

    public ImmutableArray<WireGuardPeerInfo> Peers { get; init; } = [];
}

/// <summary>A peer of it, with its state.</summary>
public sealed record WireGuardPeerInfo
{
    public required CurveKey PublicKey { get; init; }

    /// <summary>Zero where there is none.</summary>
    public CurveSecret PresharedKey { get; init; }

    /// <summary>Where packets to the peer go; it follows the peer. Null while unknown.</summary>
    public IPEndPoint? Endpoint { get; init; }

    /// <summary>Seconds; 0 for off.</summary>
    public int PersistentKeepalive { get; init; }

    /// <summary>By the machine's clock; null: never.</summary>
    public DateTimeOffset? LastHandshake { get; init; }

    /// <summary>Bytes of UDP payload that were received from the peer and proven to be its own.</summary>
    public long RxBytes { get; init; }

    /// <summary>Bytes of UDP payload that were sent.</summary>
    public long TxBytes { get; init; }

    public ImmutableArray<IPNetwork> AllowedIps { get; init; } = [];
}
