using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Trust;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Makes the userspace engine run the plan's peers and links. It sends the whole when it meets an engine (one that runs goes on
/// undisturbed) or something of it was removed, and differences after that. A peer's endpoint is set once, when it is new: from then
/// on <see cref="Endpoints.EndpointKeeper"/> and WireGuard's roaming decide.
/// </summary>
internal sealed class DataplaneReconciler(DataplaneClient client, IRouteNetlink netlink, IdentityKeeper identities) : IReconciler
{
    private readonly Dictionary<WireGuardKey, IPEndPoint?> _endpoints = [];
    private DataplaneConfig? _applied;

    public string Name => "dataplane";

    public async Task<ReconcileReport> ReconcileAsync(NodePlan plan, CancellationToken cancellationToken)
    {
        try
        {
            var status = await client.GetStatusAsync(cancellationToken);
            var change = await ApplyAsync(plan, status, cancellationToken);
            return new ReconcileReport { State = ComponentState.Ok, Kind = "userspace", Changes = change is null ? [] : [change] };
        }
        catch (DataplaneException e)
        {
            _applied = null;
            return new ReconcileReport
            {
                State = e.Error == DataplaneError.Unreachable ? ComponentState.Starting : ComponentState.Failed,
                Kind = "userspace",
                Errors = [e.Message],
            };
        }
    }

    private async Task<string?> ApplyAsync(NodePlan plan, DataplaneStatus status, CancellationToken cancellationToken)
    {
        Remember(plan, status);
        var config = ToConfig(plan);
        if (_applied is null || !IsIntact(plan, status) || !SameDevice(_applied, config))
        {
            await client.ApplyAsync(config, cancellationToken);
            _applied = config;
            return $"applied {config.Peers.Length} peers";
        }
        var former = _applied.Peers.ToDictionary(peer => peer.PublicKey);
        var upserts = config.Peers.Where(peer => !former.TryGetValue(peer.PublicKey, out var old) || !Same(old, peer)).ToImmutableArray();
        var removed = former.Keys.Except(config.Peers.Select(peer => peer.PublicKey)).ToImmutableArray();
        if (upserts.IsEmpty && removed.IsEmpty)
            return null;
        await client.UpdateAsync(upserts, removed, cancellationToken);
        _applied = config;
        return $"changed {upserts.Length} peers, removed {removed.Length}";
    }

    /// <summary>A peer that the engine has keeps its endpoint. A new one gets its best, if it is ours to call first.</summary>
    private void Remember(NodePlan plan, DataplaneStatus status)
    {
        var running = status.Peers.ToDictionary(peer => peer.PublicKey, peer => peer.Endpoint);
        foreach (var key in _endpoints.Keys.Where(key => !running.ContainsKey(key)).ToList())
            _endpoints.Remove(key);
        foreach (var peer in plan.WireGuard.Peers)
        {
            var key = new WireGuardKey(peer.PublicKey.Bytes);
            if (!_endpoints.ContainsKey(key))
                _endpoints[key] = running.TryGetValue(key, out var current) ? current : FirstCall(peer);
        }
    }

    private static IPEndPoint? FirstCall(WireGuardPeerPlan peer) => peer.CallsFirst ? peer.Endpoints.FirstOrDefault()?.EndPoint : null;

    /// <summary>The engine holds what was applied, and nobody deleted a device of it.</summary>
    private bool IsIntact(NodePlan plan, DataplaneStatus status)
    {
        if (status.Interface != plan.WireGuard.Interface || status.Peers.Length != _applied!.Peers.Length)
            return false;
        var links = netlink.GetLinks().Select(link => link.Name).ToHashSet(StringComparer.Ordinal);
        return links.Contains(plan.WireGuard.Interface) && _applied.Peers.All(peer => peer.Link is null || links.Contains(peer.Link.Name));
    }

    private DataplaneConfig ToConfig(NodePlan plan)
    {
        var links = plan.Links.ToDictionary(link => link.Peer);
        return new DataplaneConfig
        {
            Interface = plan.WireGuard.Interface,
            PrivateKey = new WireGuardSecret(Convert.FromBase64String(identities.Current.WireGuardPrivateKey)),
            ListenPort = plan.WireGuard.ListenPort,
            FirewallMark = plan.WireGuard.FirewallMark,
            Mtu = plan.WireGuard.Mtu,
            Peers = [.. plan.WireGuard.Peers.Select(peer => ToPeer(peer, links.GetValueOrDefault(peer.Node)))],
        };
    }

    private PeerConfig ToPeer(WireGuardPeerPlan peer, LinkPlan? link)
    {
        var key = new WireGuardKey(peer.PublicKey.Bytes);
        return new PeerConfig
        {
            PublicKey = key,
            Endpoint = _endpoints.GetValueOrDefault(key),
            PersistentKeepalive = peer.PersistentKeepalive,
            AllowedIps = [new IPNetwork(peer.TunnelAddress, 32)],
            Link = link is null ? null : new LinkConfig
            {
                Name = link.Name,
                Alias = link.Alias,
                Mtu = link.Mtu,
                LocalTunnel = link.LocalTunnel,
                RemoteTunnel = link.RemoteTunnel,
            },
        };
    }

    private static bool SameDevice(DataplaneConfig a, DataplaneConfig b) => a with { Peers = b.Peers } == b;

    private static bool Same(PeerConfig a, PeerConfig b) => a.AllowedIps.SequenceEqual(b.AllowedIps) && a with { AllowedIps = b.AllowedIps } == b;
}
