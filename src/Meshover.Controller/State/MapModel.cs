using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Controller.State;

/// <summary>From the store's records to the domain's types.</summary>
internal static class MapModel
{
    public static MeshNode ToMeshNode(StoredNode node, ReachRecord reach) => new()
    {
        Id = new NodeId(node.Id),
        HostName = node.HostName,
        WireGuardKeys = [.. node.WireGuardKeys.Select(key => new WireGuardPublicKey(Convert.FromBase64String(key)))],
        Address4 = IPAddress.Parse(node.Address4),
        Address6 = IPAddress.Parse(node.Address6),
        FurtherAddresses = [.. node.Further.Select(further => new FurtherAddress(IPAddress.Parse(further.Address), further.Note))],
        RestingAddresses = [.. node.Resting.Select(resting => IPAddress.Parse(resting.Address))],
        TunnelAddress = IPAddress.Parse(node.TunnelAddress),
        Asn = new Asn(node.Asn),
        IsTransit = reach.Transit,
        IsBehindNat = reach.BehindNat,
        Endpoints = [.. reach.Endpoints.Select(endpoint =>
            new EndpointCandidate(new IPEndPoint(IPAddress.Parse(endpoint.Address), endpoint.Port), (EndpointSource)endpoint.Kind))],
        Grants = [.. node.Grants.Select(ToGrant)],
        Site = reach.Site,
        UnderlayMtu = reach.UnderlayMtu,
        IsDraining = reach.Draining,
    };

    public static RouteGrant ToGrant(StoredGrant grant) => new(IPNetwork.Parse(grant.Prefix), grant.MaxLength) { IsPinned = grant.Pin, MayGather = grant.Gather, IsAssigned = grant.Assigned, Name = grant.Name };
}
