using System.Collections.Immutable;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.WireGuard;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>
/// What the kernel says of its data plane. The static members are for those who only look, in the network namespace of the calling thread:
/// no agent is needed.
/// </summary>
public sealed class KernelDataplaneReader
{
    private readonly IRouteNetlink _netlink;
    private readonly IWireGuardNetlink _wireGuard;
    private readonly TimeProvider _time;
    private readonly ReceiveAges _ages;

    internal KernelDataplaneReader(IRouteNetlink netlink, IWireGuardNetlink wireGuard, TimeProvider time)
    {
        (_netlink, _wireGuard, _time) = (netlink, wireGuard, time);
        _ages = new ReceiveAges(time);
    }

    private static string Device => KernelNames.Default.WireGuard;

    /// <summary>Whether a WireGuard device of ours is there, which has the port.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static bool IsThere()
    {
        using var netlink = new RouteNetlink();
        return netlink.FindLink(Device) is { Kind: KernelDataplane.DeviceKind };
    }

    /// <summary>Null where there is none.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static DataplaneStatus? TryRead(TimeProvider time)
    {
        using var netlink = new RouteNetlink();
        using var wireGuard = new WireGuardNetlink();
        var status = new KernelDataplaneReader(netlink, wireGuard, time).Read(ImmutableDictionary<CurveKey, PeerConfig>.Empty);
        return status.Interface is null ? null : status;
    }

    /// <param name="peers">As this process has set them up; empty where it has not: then the links are found by their addresses.</param>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    internal DataplaneStatus Read(ImmutableDictionary<CurveKey, PeerConfig> peers)
    {
        // Of another kind: it is somebody else's, or the engine's, which is told to let go.
        if (_netlink.FindLink(Device) is not { Kind: KernelDataplane.DeviceKind } || _wireGuard.FindDevice(Device) is not { } device)
        {
            _ages.Keep([]);
            return new DataplaneStatus { Version = KernelDataplane.Version };
        }
        _ages.Keep([.. device.Peers.Select(peer => peer.PublicKey)]);
        var links = peers.IsEmpty
            ? LinksByAddress(device)
            : peers.Where(peer => peer.Value.Link is not null).ToDictionary(peer => peer.Key, peer => peer.Value.Link!.Name);
        return new DataplaneStatus
        {
            Version = KernelDataplane.Version,
            Interface = device.Name,
            PublicKey = new WireGuardKey(device.PublicKey.Bytes),
            ListenPort = device.ListenPort,
            Peers = [.. device.Peers.Select(peer => ToStatus(peer, links))],
        };
    }

    private PeerStatus ToStatus(WireGuardPeerInfo peer, Dictionary<CurveKey, string> links)
    {
        var handshake = peer.LastHandshake is { } at ? _time.GetUtcNow() - at : (TimeSpan?)null;
        return new PeerStatus
        {
            PublicKey = new WireGuardKey(peer.PublicKey.Bytes),
            Endpoint = peer.Endpoint,
            LastHandshakeAgeMs = handshake is { } age ? Math.Max(0, (long)age.TotalMilliseconds) : -1,
            LastReceiveAgeMs = _ages.Observe(peer, handshake),
            RxBytes = peer.RxBytes,
            TxBytes = peer.TxBytes,
            LinkName = links.GetValueOrDefault(peer.PublicKey),
        };
    }

    private Dictionary<CurveKey, string> LinksByAddress(WireGuardDeviceInfo device)
    {
        var links = _netlink.GetLinks().Where(link => KernelLinks.IsLink(link) && link.Gre is not null)
            .DistinctBy(link => link.Gre!.Remote).ToDictionary(link => link.Gre!.Remote, link => link.Name);
        return device.Peers
            .Select(peer => (peer.PublicKey, Link: peer.AllowedIps.Select(prefix => links.GetValueOrDefault(prefix.BaseAddress)).OfType<string>().FirstOrDefault()))
            .Where(pair => pair.Link is not null)
            .ToDictionary(pair => pair.PublicKey, pair => pair.Link!);
    }
}
