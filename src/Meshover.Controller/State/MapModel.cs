using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Controller.State;

/// <summary>From the store's records to the domain's types.</summary>
internal static class MapModel
{
    public static MeshNode ToMeshNode(NodeEntry node) => new()
    {
        Id = new NodeId(node.Record.Id),
        HostName = node.Record.HostName,
        WireGuardKeys = [.. node.Record.WireGuardKeys.Select(key => new WireGuardPublicKey(Convert.FromBase64String(key)))],
        Address4 = IPAddress.Parse(node.Record.Address4),
        Address6 = IPAddress.Parse(node.Record.Address6),
        TunnelAddress = IPAddress.Parse(node.Record.TunnelAddress),
        Asn = new Asn(node.Record.Asn),
        IsTransit = node.Reach.Transit,
        IsBehindNat = node.Reach.BehindNat,
        Endpoints = [.. node.Reach.Endpoints.Select(endpoint =>
            new EndpointCandidate(new IPEndPoint(IPAddress.Parse(endpoint.Address), endpoint.Port), (EndpointSource)endpoint.Kind))],
        Grants = [.. node.Record.Grants.Select(ToGrant)],
        Site = node.Reach.Site,
        UnderlayMtu = node.Reach.UnderlayMtu,
    };

    public static RouteGrant ToGrant(GrantRecord grant) => new(IPNetwork.Parse(grant.Prefix), grant.MaxLength);
}
