using System.Net;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Trust;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Makes the chosen data plane carry the plan's peers and links, once the other kind has let go. A peer's endpoint is set once, when it
/// is new: from then on <see cref="Endpoints.EndpointKeeper"/> and WireGuard's roaming decide.
/// </summary>
internal sealed class DataplaneReconciler(DataplaneSelection selection, IRouteNetlink netlink, IdentityKeeper identities) : IReconciler<SystemPlan>
{
    private readonly Dictionary<WireGuardKey, IPEndPoint?> _endpoints = [];
    private readonly IDataplane _dataplane = selection.Chosen;

    public string Name => "dataplane";

    public async Task<ReconcileReport> ReconcileAsync(SystemPlan plan, CancellationToken cancellationToken)
    {
        var identity = identities.Current;
        try
        {
            var released = await selection.Other.ReleaseAsync(netlink.GetLinks(), cancellationToken);
            var status = await _dataplane.GetStatusAsync(cancellationToken);
            Remember(plan, status);
            var changes = await _dataplane.ReconcileAsync(ToConfig(plan, identity), status, cancellationToken);
            return Report(ComponentState.Ok) with
            {
                Changes = [.. released ? [$"took over from {selection.Other.Kind}"] : Array.Empty<string>(), .. changes],
            };
        }
        catch (DataplaneException e)
        {
            return Report(e.Error == DataplaneError.Unreachable ? ComponentState.Starting : ComponentState.Failed) with
            {
                Errors = [e.Message],
                Findings = [new Finding(KindOf(e.Error), e.Error == DataplaneError.PortTaken ? "WireGuard" : "", e.Message)],
            };
        }
        catch (NetlinkException e)
        {
            return Report(ComponentState.Failed) with { Errors = [e.Message] };
        }
    }

    private static FindingKind KindOf(DataplaneError error) => error switch
    {
        DataplaneError.Unreachable => FindingKinds.DataplaneSilent,
        DataplaneError.PortTaken => FindingKinds.PortTaken,
        _ => FindingKinds.DataplaneFailed,
    };

    private ReconcileReport Report(ComponentState state) => new() { State = state, Kind = _dataplane.Kind, Reason = selection.Reason };

    /// <summary>A peer that the data plane has keeps its endpoint. A new one gets its best, if it is ours to call first.</summary>
    private void Remember(SystemPlan plan, DataplaneStatus status)
    {
        var running = PeerStatuses.Of(status);
        foreach (var key in _endpoints.Keys.Except(status.Peers.Select(peer => peer.PublicKey)).ToList())
            _endpoints.Remove(key);
        foreach (var peer in plan.WireGuard.Peers)
        {
            var key = new WireGuardKey(peer.PublicKey.Bytes);
            if (!_endpoints.ContainsKey(key))
                _endpoints[key] = running.Find(peer) is { } current ? current.Endpoint : FirstCall(peer);
        }
    }

    private static IPEndPoint? FirstCall(WireGuardPeerPlan peer) => peer.CallsFirst ? peer.Endpoints.FirstOrDefault()?.EndPoint : null;

    private DataplaneConfig ToConfig(SystemPlan plan, NodeIdentity identity)
    {
        var links = plan.Links.ToDictionary(link => link.Peer);
        return new DataplaneConfig
        {
            Interface = plan.WireGuard.Interface,
            PrivateKey = new WireGuardSecret(Convert.FromBase64String(identity.WireGuardPrivateKey)),
            OtherPrivateKey = identity.KeyChange is { } change ? new WireGuardSecret(Convert.FromBase64String(change.OtherPrivateKey)) : null,
            ListenPort = plan.WireGuard.ListenPort,
            FirewallMark = plan.WireGuard.FirewallMark,
            Mtu = plan.WireGuard.Mtu,
            ProbePathMtu = plan.WireGuard.ProbesPathMtu,
            Peers = [.. plan.WireGuard.Peers.Select(peer => ToPeer(peer, links.GetValueOrDefault(peer.Node)))],
        };
    }

    private PeerConfig ToPeer(WireGuardPeerPlan peer, LinkPlan? link)
    {
        var key = new WireGuardKey(peer.PublicKey.Bytes);
        return new PeerConfig
        {
            PublicKey = key,
            OtherPublicKey = peer.OtherKey is { } other ? new WireGuardKey(other.Bytes) : null,
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
}
