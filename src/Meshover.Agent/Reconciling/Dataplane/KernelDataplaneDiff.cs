using System.Net;
using System.Security.Cryptography;
using Meshover.Linux.Netlink;
using Meshover.Linux.WireGuard;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>(what the kernel has, what it is to have) -> what to change. Pure; what is right is not named.</summary>
internal static class KernelDataplaneDiff
{
    /// <summary>As the engine writes it (GreHeader), and as a router by the way would.</summary>
    private const byte TimeToLive = 64;

    /// <summary>
    /// WireGuard begins no handshake within 5 s of the last (its whitepaper, section 6.1, and as much as its clock is coarse): with another key
    /// of ours, a peer with which there was one is forgotten and met anew, or it would be without a session for so long.
    /// </summary>
    private static readonly TimeSpan RekeyTimeout = TimeSpan.FromSeconds(6);

    /// <param name="device">As seen.</param>
    /// <param name="config">To be.</param>
    /// <param name="given">Endpoints that the configuration named before, by peer; a peer that is not there was not seen by this agent.</param>
    /// <param name="now">By the machine's clock.</param>
    internal static WireGuardDeviceChange OfDevice(
        WireGuardDeviceInfo device, DataplaneConfig config, IReadOnlyDictionary<CurveKey, IPEndPoint?> given, DateTimeOffset now)
    {
        var key = Clamped(config.PrivateKey);
        var isKeyAnother = device.PrivateKey != key;
        var wanted = config.Peers.Select(peer => ToKey(peer.PublicKey)).ToHashSet();
        var present = device.Peers.ToDictionary(peer => peer.PublicKey);
        return new WireGuardDeviceChange
        {
            PrivateKey = isKeyAnother ? key : null,
            ListenPort = config.ListenPort == 0 || config.ListenPort == device.ListenPort ? null : config.ListenPort,
            FirewallMark = config.FirewallMark == device.FirewallMark ? null : config.FirewallMark,
            Peers =
            [
                .. present.Keys.Where(peer => !wanted.Contains(peer)).Select(peer => new WireGuardPeerChange { PublicKey = peer, Remove = true }),
                .. config.Peers.SelectMany(peer => Change(present.GetValueOrDefault(ToKey(peer.PublicKey)), peer)),
            ],
        };

        IEnumerable<WireGuardPeerChange> Change(WireGuardPeerInfo? seen, PeerConfig peer) => seen switch
        {
            null => NewPeer(peer),
            { Endpoint: { } endpoint } when isKeyAnother => now - seen.LastHandshake < RekeyTimeout
                ? [new WireGuardPeerChange { PublicKey = seen.PublicKey, Remove = true }, .. NewPeer(peer with { Endpoint = endpoint })]
                : [.. OfPeer(seen, peer, given), .. Call(seen.PublicKey, endpoint, peer.PersistentKeepalive)],
            _ => OfPeer(seen, peer, given),
        };
    }

    /// <summary>
    /// An endpoint and a packet to it, so that a handshake begins (nothing else makes the kernel begin one): a keepalive is sent when
    /// its interval goes from none to some, which is then put back.
    /// </summary>
    internal static IEnumerable<WireGuardPeerChange> Call(CurveKey peer, IPEndPoint endpoint, int keepalive) =>
    [
        new WireGuardPeerChange { PublicKey = peer, UpdateOnly = true, Endpoint = endpoint, PersistentKeepalive = 0 },
        new WireGuardPeerChange { PublicKey = peer, UpdateOnly = true, PersistentKeepalive = Math.Max(keepalive, 1) },
        .. keepalive == 0 ? [new WireGuardPeerChange { PublicKey = peer, UpdateOnly = true, PersistentKeepalive = 0 }] : Array.Empty<WireGuardPeerChange>(),
    ];

    internal static GreTunnel Tunnel(LinkConfig link, int lowerIndex) => new()
    {
        LowerIndex = lowerIndex,
        Local = link.LocalTunnel,
        Remote = link.RemoteTunnel,
        TimeToLive = TimeToLive,
    };

    /// <summary>Null where the link is as it is to be. Its MTU, state and addresses are <see cref="Kernel.KernelDiff"/>'s.</summary>
    internal static LinkChange? OfLink(LinkInfo seen, LinkConfig link, int lowerIndex)
    {
        var tunnel = Tunnel(link, lowerIndex);
        var change = new LinkChange
        {
            Gre = seen.Gre == tunnel ? null : tunnel,
            Mtu = seen.Gre == tunnel ? null : link.Mtu,
            Alias = seen.Alias == link.Alias ? null : link.Alias,
            Multicast = seen.Flags.HasFlag(LinkFlags.Multicast) ? null : true,
        };
        return change == new LinkChange() ? null : change;
    }

    // As the kernel keeps it and shows it (RFC 7748, section 5): compared as it was made, another key would be set in every pass, and
    // every session would begin anew.
    private static CurveSecret Clamped(WireGuardSecret secret)
    {
        Span<byte> bytes = stackalloc byte[CurveKey.Length];
        secret.Bytes.CopyTo(bytes);
        bytes[0] &= 0xf8;
        bytes[^1] = (byte)((bytes[^1] & 0x7f) | 0x40);
        var clamped = new CurveSecret(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return clamped;
    }

    internal static CurveKey ToKey(WireGuardKey key) => new(key.Bytes);

    private static IEnumerable<WireGuardPeerChange> NewPeer(PeerConfig peer)
    {
        var key = ToKey(peer.PublicKey);
        var change = new WireGuardPeerChange
        {
            PublicKey = key,
            PresharedKey = peer.PresharedKey is { } preshared ? new CurveSecret(preshared.Bytes) : null,
            PersistentKeepalive = peer.Endpoint is null ? peer.PersistentKeepalive : null,
            AllowedIps = peer.AllowedIps,
        };
        return peer.Endpoint is { } endpoint ? [change, .. Call(key, endpoint, peer.PersistentKeepalive)] : [change];
    }

    private static IEnumerable<WireGuardPeerChange> OfPeer(
        WireGuardPeerInfo seen, PeerConfig peer, IReadOnlyDictionary<CurveKey, IPEndPoint?> given)
    {
        var preshared = peer.PresharedKey is { } secret ? new CurveSecret(secret.Bytes) : default;
        var change = new WireGuardPeerChange
        {
            PublicKey = seen.PublicKey,
            UpdateOnly = true,
            PresharedKey = preshared == seen.PresharedKey ? null : preshared,
            PersistentKeepalive = peer.PersistentKeepalive == seen.PersistentKeepalive ? null : peer.PersistentKeepalive,
            AllowedIps = seen.AllowedIps.ToHashSet().SetEquals(peer.AllowedIps) ? null : peer.AllowedIps,
        };
        if (change is not { PresharedKey: null, PersistentKeepalive: null, AllowedIps: null })
            yield return change;
        var isNamedAnew = given.TryGetValue(seen.PublicKey, out var before) && !Equals(before, peer.Endpoint);
        if (isNamedAnew && peer.Endpoint is { } endpoint && !endpoint.Equals(seen.Endpoint))
        {
            foreach (var call in Call(seen.PublicKey, endpoint, peer.PersistentKeepalive))
                yield return call;
        }
    }
}
