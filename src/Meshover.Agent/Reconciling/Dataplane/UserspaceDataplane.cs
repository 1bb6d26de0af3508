using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>
/// The engine in <c>meshover dataplane</c>. It gets the whole when it is met (one that runs goes on undisturbed) or something of it was
/// removed, and differences after that.
/// </summary>
internal sealed class UserspaceDataplane(DataplaneClient client, IRouteNetlink netlink) : IDataplane
{
    private const string DeviceKind = "tun";

    private DataplaneConfig? _applied;

    public string Kind => "userspace";

    public async Task<IReadOnlyList<string>> ReconcileAsync(DataplaneConfig config, DataplaneStatus status, CancellationToken cancellationToken)
    {
        var applied = _applied;
        // Until it has been taken: after a failure nobody knows what it runs.
        _applied = null;
        var change = await ApplyAsync(applied, config, status, cancellationToken);
        _applied = config;
        return change is null ? [] : [change];
    }

    public Task SetEndpointAsync(WireGuardKey key, IPEndPoint endpoint, CancellationToken cancellationToken) =>
        client.SetEndpointAsync(key, endpoint, cancellationToken);

    public Task<DataplaneStatus> GetStatusAsync(CancellationToken cancellationToken) => client.GetStatusAsync(cancellationToken);

    /// <summary>
    /// The engine ends, and whoever keeps it starts it again without a configuration. Devices whose engine is dead go by hand.
    /// </summary>
    public async Task<bool> ReleaseAsync(IReadOnlyList<LinkInfo> links, CancellationToken cancellationToken)
    {
        var devices = links.Where(link => link.Kind == DeviceKind && KernelNames.Default.IsOurs(link.Name)).ToList();
        if (devices.Count == 0)
            return false;
        _applied = null;
        try
        {
            await client.StopAsync(teardown: true, cancellationToken);
        }
        catch (DataplaneException e) when (e.Error == DataplaneError.Unreachable)
        {
        }
        foreach (var device in devices)
            netlink.DeleteIfThere(device.Name);
        return true;
    }

    private async Task<string?> ApplyAsync(DataplaneConfig? applied, DataplaneConfig config, DataplaneStatus status, CancellationToken cancellationToken)
    {
        if (applied is null || !IsIntact(applied, config, status) || !SameDevice(applied, config))
        {
            await client.ApplyAsync(config, cancellationToken);
            return $"applied {config.Peers.Length} peers";
        }
        var former = applied.Peers.ToDictionary(peer => peer.PublicKey);
        var upserts = config.Peers.Where(peer => !former.TryGetValue(peer.PublicKey, out var old) || !Same(old, peer)).ToImmutableArray();
        var removed = former.Keys.Except(config.Peers.Select(peer => peer.PublicKey)).ToImmutableArray();
        if (upserts.IsEmpty && removed.IsEmpty)
            return null;
        await client.UpdateAsync(upserts, removed, cancellationToken);
        return $"changed {upserts.Length} peers, removed {removed.Length}";
    }

    /// <summary>The engine holds what was applied, nobody gave it another key or port (<c>wg set</c>), and nobody deleted a device of it.</summary>
    private bool IsIntact(DataplaneConfig applied, DataplaneConfig config, DataplaneStatus status)
    {
        if (status.Interface != config.Interface || status.Peers.Length != applied.Peers.Length)
            return false;
        if (status.PublicKey != applied.PrivateKey.PublicKey || (applied.ListenPort != 0 && status.ListenPort != applied.ListenPort))
            return false;
        var links = netlink.GetLinks().Select(link => link.Name).ToHashSet(StringComparer.Ordinal);
        return links.Contains(config.Interface) && applied.Peers.All(peer => peer.Link is null || links.Contains(peer.Link.Name));
    }

    private static bool SameDevice(DataplaneConfig a, DataplaneConfig b) => a with { Peers = b.Peers } == b;

    private static bool Same(PeerConfig a, PeerConfig b) => a.AllowedIps.SequenceEqual(b.AllowedIps) && a with { AllowedIps = b.AllowedIps } == b;
}
