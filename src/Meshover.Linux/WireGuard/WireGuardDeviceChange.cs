using System.Collections.Immutable;
using System.Net;

namespace Meshover.Linux.WireGuard;

/// <summary>What to change in a device; null leaves a thing as it is, and so does naming no peer.</summary>
public sealed record WireGuardDeviceChange
{
    public CurveSecret? PrivateKey { get; init; }

    /// <summary>UDP port, 0 for one of the kernel's choice. EADDRINUSE where the device is up and another has it.</summary>
    public int? ListenPort { get; init; }

    public uint? FirewallMark { get; init; }

    /// <summary>Removes every peer first.</summary>
    public bool ReplacePeers { get; init; }

    /// <summary>Applied in this order; a peer may be named twice.</summary>
    public ImmutableArray<WireGuardPeerChange> Peers { get; init; } = [];

    public bool IsEmpty => PrivateKey is null && ListenPort is null && FirewallMark is null && !ReplacePeers && Peers.IsEmpty;
}

/// <summary>What to change in a peer; it is made where it is not there. Null leaves a thing as it is. Peers that are not named stay as they are.</summary>
public sealed record WireGuardPeerChange
{
    public required CurveKey PublicKey { get; init; }

    public bool Remove { get; init; }

    /// <summary>Does nothing where the peer is not there.</summary>
    public bool UpdateOnly { get; init; }

    /// <summary>Zero removes it.</summary>
    public CurveSecret? PresharedKey { get; init; }

    public IPEndPoint? Endpoint { get; init; }

    /// <summary>Seconds, 0-65535; 0 for off. From 0 to more makes the kernel send one at once, and shake hands if it has to.</summary>
    public int? PersistentKeepalive { get; init; }

    /// <summary>Null leaves them; else the peer has these and no others. A prefix that another peer has is taken from it.</summary>
    public ImmutableArray<IPNetwork>? AllowedIps { get; init; }
}
