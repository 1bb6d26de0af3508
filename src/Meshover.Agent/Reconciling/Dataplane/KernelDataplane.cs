using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Linux.WireGuard;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>
/// The kernel's own WireGuard device and <c>gre</c> links, over netlink alone. A pass looks at all of it and changes what differs, so it
/// adopts what a former agent left, and packets flow on while no agent runs. Addresses, routes and settings of the links are
/// <see cref="KernelReconciler"/>'s, which comes right after.
/// </summary>
internal sealed class KernelDataplane(IRouteNetlink netlink, IWireGuardNetlink wireGuard, ISysctls sysctls, TimeProvider time) : IDataplane
{
    internal const string DeviceKind = "wireguard";
    private const int AddressInUse = 98; // EADDRINUSE
    private const string SendRedirects = "net.ipv4.conf.all.send_redirects";

    private readonly Lock _gate = new();
    private readonly ReceiveAges _ages = new(time);
    private readonly KernelLinks _links = new(netlink);
    private ImmutableDictionary<CurveKey, PeerConfig> _peers = ImmutableDictionary<CurveKey, PeerConfig>.Empty;

    public string Kind => "kernel";

    public async Task<IReadOnlyList<string>> ReconcileAsync(DataplaneConfig config, DataplaneStatus status, CancellationToken cancellationToken)
    {
        var changes = new List<string>();
        foreach (var wave in KernelKeyWaves.Before(config, status))
        {
            await PutAsync(wave, changes);
            await Task.Delay(KernelKeyWaves.Apart, time, cancellationToken);
        }
        await PutAsync(config, changes);
        return changes;
    }

    private Task<bool> PutAsync(DataplaneConfig config, List<string> changes) => Guarded(() =>
    {
        EnsureDevice(config, changes);
        ChangeDevice(config, changes);
        _links.Change(config, BringUp(config), changes);
        return true;
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

    private static bool IsOurs(LinkInfo link) => (link.Kind == DeviceKind && link.Name == Device) || KernelLinks.IsLink(link);

    private void EnsureDevice(DataplaneConfig config, List<string> changes)
    {
        var link = netlink.FindLink(config.Interface);
        if (link is not null and not { Kind: DeviceKind })
            throw KernelLinks.InTheWay(link);
        if (link is not null)
            return;
        netlink.CreateLink(LinkSpec.OfWireGuard(config.Interface) with { Mtu = config.Mtu });
        changes.Add($"create {config.Interface}");
        _peers = _peers.Clear();
    }

    private void ChangeDevice(DataplaneConfig config, List<string> changes)
    {
        var device = wireGuard.FindDevice(config.Interface)
            ?? throw new DataplaneException(DataplaneError.Failed, $"{config.Interface} was deleted while it was being set up.");
        var given = _peers.ToDictionary(peer => peer.Key, peer => peer.Value.Endpoint);
        var change = KernelDataplaneDiff.OfDevice(device, config, given, time.GetUtcNow());
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

    private LinkInfo BringUp(DataplaneConfig config)
    {
        var device = netlink.GetLink(config.Interface);
        if (device.IsUp)
            return device;
        // Without an address of the kernel's making, which must be told before it is up.
        if (KernelLinks.NoOwnAddress(device) is { } mode)
            netlink.SetLink(device.Name, new LinkChange { AddressGeneration = mode });
        SetUp(device);
        return device;
    }

    // Opened, a device of WireGuard's turns redirects off for the whole namespace, and nothing turns them on again (wg_open in the kernel's
    // drivers/net/wireguard/device.c). Between our peers are links, by which no redirect is ever due.
    private void SetUp(LinkInfo device)
    {
        var redirects = sysctls.TryRead(SendRedirects);
        netlink.SetUp(device.Name);
        if (redirects is null || sysctls.TryRead(SendRedirects) == redirects)
            return;
        try
        {
            sysctls.Write(SendRedirects, redirects);
        }
        catch (SysctlException)
        {
            // As in a container whose /proc/sys is read-only: it stays as WireGuard made it.
        }
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
        var links = netlink.GetLinks().Where(link => KernelLinks.IsLink(link) && link.Gre is not null)
            .DistinctBy(link => link.Gre!.Remote).ToDictionary(link => link.Gre!.Remote, link => link.Name);
        return device.Peers
            .Select(peer => (peer.PublicKey, Link: peer.AllowedIps.Select(prefix => links.GetValueOrDefault(prefix.BaseAddress)).FirstOrDefault(name => name is not null)))
            .Where(pair => pair.Link is not null)
            .ToDictionary(pair => pair.PublicKey, pair => pair.Link!);
    }

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
