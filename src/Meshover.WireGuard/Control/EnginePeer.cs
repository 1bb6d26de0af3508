using System.Net;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Pipeline;

namespace Meshover.WireGuard.Control;

/// <summary>A peer as configured, and as it runs. Control thread.</summary>
internal sealed class EnginePeer(Peer peer, PeerConfig config)
{
    public Peer Peer { get; } = peer;

    public PeerConfig Config { get; set; } = config;

    /// <summary>The endpoint that is in the state file, to notice when the peer has moved.</summary>
    public UdpAddress? SavedEndpoint { get; set; }

    /// <summary>The newest timestamp of its initiations that is in the state file.</summary>
    public Tai64n SavedNewest { get; set; }

    public IPEndPoint? EndPoint => Peer.Endpoint?.ToEndPoint();

    /// <summary>Starts a handshake with it, if it is known where it is.</summary>
    public void Call(long now)
    {
        if (Peer.Endpoint is not null)
            Peer.Session.RequestHandshake(now);
    }
}
