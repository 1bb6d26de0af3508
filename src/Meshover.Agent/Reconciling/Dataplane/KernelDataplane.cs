using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.WireGuard;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>
/// The kernel's own WireGuard device and <c>gre</c> links, over netlink alone. A pass looks at all of it and changes what differs, so it
/// adopts what a former agent left, and packets flow on while no agent runs. Addresses, routes and settings of the links are
/// <see cref="KernelReconciler"/>'s, which comes right after.
/// </summary>
internal sealed class KernelDataplane(IRouteNetlink netlink, IWireGuardNetlink wireGuard, SysctlMemory sysctls, TimeProvider time) : IDataplane
{
    internal const string DeviceKind = "wireguard";
    internal const string Version = "kernel";
    private const int AddressInUse = 98; // EADDRINUSE
    private const string SendRedirects = "net.ipv4.conf.all.send_redirects";

    private readonly Lock _gate = new();
    private readonly KernelDataplaneReader _reader = new(netlink, wireGuard, time);
    private readonly KernelLinks _links = new(netlink);
    private ImmutableDictionary<CurveKey, PeerConfig> _peers = ImmutableDictionary<CurveKey, PeerConfig>.Empty;

    public string Kind => Version;

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

    public Task<DataplaneStatus> GetStatusAsync(CancellationToken cancellationToken) => Guarded(() => _reader.Read(_peers));

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
            SendDevice(config, change);
            changes.Add($"changed {config.Interface}: {change.Peers.Select(peer => peer.PublicKey).Distinct().Count()} peers");
        }
        _peers = config.Peers.ToImmutableDictionary(peer => KernelDataplaneDiff.ToKey(peer.PublicKey));
    }

    // Packets that begin a handshake can leave only when the device is up, and it comes up with its port. One that is up takes another key
    // and the calls to the peers in one message: an agent that died between the two would leave peers that nobody calls.
    private void SendDevice(DataplaneConfig config, WireGuardDeviceChange change)
    {
        if (!netlink.GetLink(config.Interface).IsUp)
        {
            wireGuard.ChangeDevice(config.Interface, change with { Peers = [] });
            BringUp(config);
            change = new WireGuardDeviceChange { Peers = change.Peers };
        }
        if (!change.IsEmpty)
            wireGuard.ChangeDevice(config.Interface, change);
    }

    private LinkInfo BringUp(DataplaneConfig config)
    {
        var device = netlink.GetLink(config.Interface);
        if (device.IsUp)
            return device;
        // Without an address of the kernel's making, which must be told before it is up.
        if (KernelLinks.NoOwnAddress(device) is { } mode)
            netlink.SetLink(device.Name, new LinkChange { AddressGeneration = mode });
        // Opened, a device of WireGuard's turns redirects off for the whole namespace, and nothing turns them on again (wg_open in the
        // kernel's drivers/net/wireguard/device.c). Between our peers are links, by which no redirect is ever due.
        sysctls.KeepDuring(SendRedirects, "0", () => netlink.SetUp(device.Name));
        return device;
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
                return Task.FromException<T>(new DataplaneException(e.ErrorNumber == AddressInUse ? DataplaneError.PortTaken : DataplaneError.Failed, Describe(e), e));
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
