using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.WireGuard;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>
/// The kernel's own WireGuard device and <c>gre</c> links, over netlink alone. A pass looks at all of it and changes what differs, so it
/// adopts what a former agent left, and packets flow on while no agent runs. Addresses, routes and settings of the links are
/// <see cref="KernelReconciler"/>'s, which comes right after.
/// </summary>
internal sealed class KernelDataplane(IRouteNetlink netlink, IWireGuardNetlink wireGuard, TimeProvider time) : IDataplane
{
    internal const string DeviceKind = "wireguard";
    private const string LinkKindName = "gre";
    private const int AddressInUse = 98; // EADDRINUSE

    private readonly Lock _gate = new();
    private readonly ReceiveAges _ages = new(time);
    private ImmutableDictionary<CurveKey, PeerConfig> _peers = ImmutableDictionary<CurveKey, PeerConfig>.Empty;

    public string Kind => "kernel";

    public Task<IReadOnlyList<string>> ReconcileAsync(DataplaneConfig config, DataplaneStatus status, CancellationToken cancellationToken) =>
        Guarded<IReadOnlyList<string>>(() =>
        {
            var changes = new List<string>();
            var index = EnsureDevice(config, changes);
            ChangeDevice(config, changes);
            BringUp(config);
            ChangeLinks(config, index, changes);
            return changes;
        });

    public Task SetEndpointAsync(WireGuardKey key, IPEndPoint endpoint, CancellationToken cancellationToken) => Guarded(() =>
    {
        var peer = KernelDataplaneDiff.ToKey(key);
        var keepalive = _peers.GetValueOrDefault(peer)?.PersistentKeepalive ?? 0;
        wireGuard.ChangeDevice(Device, new WireGuardDeviceChange { Peers = [.. KernelDataplaneDiff.Call(peer, endpoint, keepalive)] });
        return true;
    });

    public Task<DataplaneStatus> GetStatusAsync(CancellationToken cancellationToken) => Guarded(() =>
    {
        // Of another kind: it is somebody else's, or the engine's, which is told to let go.
        if (netlink.FindLink(Device) is not { Kind: DeviceKind } || wireGuard.FindDevice(Device) is not { } device)
            return new DataplaneStatus { Version = Kind };
        _ages.Keep([.. device.Peers.Select(peer => peer.PublicKey)]);
        var names = LinkNames(device);
        return new DataplaneStatus
        {
            Version = Kind,
            Interface = device.Name,
            PublicKey = new WireGuardKey(device.PublicKey.Bytes),
            ListenPort = device.ListenPort,
            Peers = [.. device.Peers.Select(peer => ToStatus(peer, names))],
        };
    });

    public Task<bool> ReleaseAsync(IReadOnlyList<LinkInfo> links, CancellationToken cancellationToken) => Guarded(() =>
    {
        var ours = links.Where(IsOurs).ToList();
        foreach (var link in ours)
            netlink.DeleteIfThere(link.Name);
        _peers = _peers.Clear();
        return ours.Count > 0;
    });

    private static string Device => KernelNames.Default.WireGuard;

    private static bool IsOurs(LinkInfo link) =>
        (link.Kind == DeviceKind && link.Name == Device) || (link.Kind == LinkKindName && KernelNames.IsLink(link.Name));

    /// <summary>Its index.</summary>
    private int EnsureDevice(DataplaneConfig config, List<string> changes)
    {
        if (netlink.FindLink(config.Interface) is { } link)
            return link.Kind == DeviceKind ? link.Index : throw InTheWay(link);
        netlink.CreateLink(LinkSpec.OfWireGuard(config.Interface) with { Mtu = config.Mtu });
        changes.Add($"create {config.Interface}");
        _peers = _peers.Clear();
        return netlink.GetLink(config.Interface).Index;
    }

    private void ChangeDevice(DataplaneConfig config, List<string> changes)
    {
        var device = wireGuard.FindDevice(config.Interface)
            ?? throw new DataplaneException(DataplaneError.Failed, $"{config.Interface} was deleted while it was being set up.");
        var given = _peers.ToDictionary(peer => peer.Key, peer => peer.Value.Endpoint);
        var change = KernelDataplaneDiff.OfDevice(device, config, given);
        if (!change.IsEmpty)
        {
            // Packets that begin a handshake can leave only when the device is up, and it comes up with its port.
            wireGuard.ChangeDevice(config.Interface, change with { Peers = [] });
            BringUp(config);
            if (!change.Peers.IsEmpty)
                wireGuard.ChangeDevice(config.Interface, new WireGuardDeviceChange { Peers = change.Peers });
            changes.Add($"changed {config.Interface}: {change.Peers.Select(peer => peer.PublicKey).Distinct().Count()} peers");
        }
        _peers = config.Peers.ToImmutableDictionary(peer => KernelDataplaneDiff.ToKey(peer.PublicKey));
    }

    // Without an own address of the kernel's making, which must be told before it is up.
    private void BringUp(DataplaneConfig config)
    {
        var link = netlink.GetLink(config.Interface);
        if (link.IsUp)
            return;
        SetNoOwnAddress(link);
        netlink.SetUp(link.Name);
    }

    private void SetNoOwnAddress(LinkInfo link)
    {
        if (link.AddressGeneration is not (null or AddressGenerationMode.None))
            netlink.SetLink(link.Name, new LinkChange { AddressGeneration = AddressGenerationMode.None });
    }

    private void ChangeLinks(DataplaneConfig config, int index, List<string> changes)
    {
        var present = netlink.GetLinks().ToDictionary(link => link.Name, StringComparer.Ordinal);
        var wanted = config.Peers.Select(peer => peer.Link).OfType<LinkConfig>().ToList();
        var names = wanted.Select(link => link.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var former in present.Values.Where(link => IsOurs(link) && link.Name != Device && !names.Contains(link.Name)))
        {
            netlink.DeleteIfThere(former.Name);
            changes.Add($"remove {former.Name}");
        }
        foreach (var link in wanted)
        {
            if (EnsureLink(link, present.GetValueOrDefault(link.Name), index) is { } change)
                changes.Add(change);
        }
    }

    private string? EnsureLink(LinkConfig link, LinkInfo? seen, int index)
    {
        if (seen is null)
            return CreateLink(link, index);
        if (seen.Kind != LinkKindName)
            throw InTheWay(seen);
        if (KernelDataplaneDiff.OfLink(seen, link, index) is not { } change)
            return null;
        try
        {
            netlink.SetLink(link.Name, change);
            return $"changed {link.Name}";
        }
        catch (NetlinkException) when (change.Gre is not null)
        {
            // Some things of a tunnel cannot be changed in place, such as its kind of addresses.
            netlink.DeleteIfThere(link.Name);
            return CreateLink(link, index);
        }
    }

    private string CreateLink(LinkConfig link, int index)
    {
        netlink.CreateLink(LinkSpec.OfGre(link.Name, KernelDataplaneDiff.Tunnel(link, index)) with { Mtu = link.Mtu });
        netlink.SetLink(link.Name, new LinkChange { Alias = link.Alias, Multicast = true });
        SetNoOwnAddress(netlink.GetLink(link.Name));
        return $"create {link.Name}";
    }

    private PeerStatus ToStatus(WireGuardPeerInfo peer, IReadOnlyDictionary<CurveKey, string> names)
    {
        var handshake = peer.LastHandshake is { } at ? time.GetUtcNow() - at : (TimeSpan?)null;
        return new PeerStatus
        {
            PublicKey = new WireGuardKey(peer.PublicKey.Bytes),
            Endpoint = peer.Endpoint,
            LastHandshakeAgeMs = handshake is { } age ? Math.Max(0, (long)age.TotalMilliseconds) : -1,
            LastReceiveAgeMs = _ages.Observe(peer, handshake),
            RxBytes = peer.RxBytes,
            TxBytes = peer.TxBytes,
            LinkName = names.GetValueOrDefault(peer.PublicKey),
        };
    }

    // Who has not set it up itself finds the links by their addresses.
    private Dictionary<CurveKey, string> LinkNames(WireGuardDeviceInfo device)
    {
        if (!_peers.IsEmpty)
            return _peers.Where(peer => peer.Value.Link is not null).ToDictionary(peer => peer.Key, peer => peer.Value.Link!.Name);
        var links = netlink.GetLinks().Where(link => IsOurs(link) && link.Gre is not null).ToList();
        return device.Peers
            .Select(peer => (peer.PublicKey, Link: links.Find(link => peer.AllowedIps.Any(prefix => prefix.Contains(link.Gre!.Remote)))))
            .Where(pair => pair.Link is not null)
            .ToDictionary(pair => pair.PublicKey, pair => pair.Link!.Name);
    }

    private static DataplaneException InTheWay(LinkInfo link) => new(
        DataplaneError.Failed, $"An interface {link.Name} of the kind {link.Kind} is in the way: delete or rename it (`ip link delete {link.Name}`).");

    private Task<T> Guarded<T>(Func<T> action)
    {
        lock (_gate)
        {
            try
            {
                return Task.FromResult(action());
            }
            catch (NetlinkException e)
            {
                return Task.FromException<T>(new DataplaneException(DataplaneError.Failed, Describe(e), e));
            }
            catch (DataplaneException e)
            {
                return Task.FromException<T>(e);
            }
        }
    }

    private static string Describe(NetlinkException e) => e switch
    {
        { ErrorNumber: AddressInUse } => $"{e.Message}: the UDP port is in use by another program (`ss -lunp` shows which): stop it, or choose another listen-port.",
        { IsNotSupported: true } => $"{e.Message}: this kernel cannot carry the packets; set dataplane to auto or userspace.",
        _ => e.Message,
    };
}
