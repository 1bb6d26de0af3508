using Google.Protobuf;
using Meshover.Contract.V1;
using Meshover.Controller.State;
using Meshover.Mesh.Map;
using Meshover.Mesh.Trust;
using ContractAddress = Meshover.Contract.V1.FurtherAddress;
using ContractEndpoint = Meshover.Contract.V1.Endpoint;
using ContractGrant = Meshover.Contract.V1.RouteGrant;
using ContractSettings = Meshover.Contract.V1.MeshSettings;

namespace Meshover.Controller.Streaming;

/// <summary>
/// From records to the contract's messages: where protobuf stops. The agent's WireFormat fills the same messages from the domain; the two
/// share nothing, as what both may reference knows either the contract or the domain, and a record's text goes to the stream as it is stored.
/// </summary>
internal static class ContractMapping
{
    private static readonly MeshRules Rules = new();

    public static Hello Hello() => new()
    {
        Version = ControllerVersion.Text,
        Contract = ContractRevision.Current,
        ContractOldest = ContractRevision.Oldest,
        Capabilities = { ContractRevision.ObservedChanges },
    };

    public static ContractSettings ToContract(this MeshRecord mesh) => new()
    {
        Pool4 = mesh.Pool4,
        Pool6 = mesh.Pool6,
        TunnelPool = mesh.TunnelPool,
        BgpPort = Rules.BgpPort,
        MaxMeshHops = Rules.MaxMeshHops,
        Controllers = { mesh.Controllers },
        CaPins = { mesh.CaPins },
    };

    public static NodeInfo ToContract(this NodeEntry node) => new()
    {
        Id = node.Record.Id,
        Hostname = node.Record.HostName,
        WireguardKeys = { node.Record.WireGuardKeys.Select(ByteString.FromBase64) },
        Address4 = node.Record.Address4,
        Address6 = node.Record.Address6,
        TunnelAddress = node.Record.TunnelAddress,
        Asn = node.Record.Asn,
        Transit = node.Reach.Transit,
        BehindNat = node.Reach.BehindNat,
        Site = node.Reach.Site,
        UnderlayMtu = (uint)node.Reach.UnderlayMtu,
        Gathers = node.Reach.Gathers?.ToContract(),
        Draining = node.Reach.Draining,
        Endpoints = { node.Reach.Endpoints.Select(ToContract) },
        Grants = { node.Record.Grants.Select(ToContract) },
        FurtherAddresses = { node.Record.Further.Select(ToContract) },
        RestingAddresses = { node.Record.Resting.Select(resting => resting.Address) },
    };

    public static ContractAddress ToContract(this StoredAddress further) => new() { Address = further.Address, Note = further.Note };

    public static ContractGrant ToContract(this StoredGrant grant) => new() { Prefix = grant.Prefix, MaxLength = (uint)grant.MaxLength, Pin = grant.Pin, Gather = grant.Gather, Assigned = grant.Assigned, Name = grant.Name ?? "" };

    private static GatherClaims ToContract(this GatherRecord gathers) =>
        new() { Prefixes = { gathers.Prefixes }, Priority = (uint)gathers.Priority, Failing = gathers.Failing };

    public static ContractEndpoint ToContract(this EndpointRecord endpoint) =>
        new() { Address = endpoint.Address, Port = (uint)endpoint.Port, Kind = ToContractKind((EndpointSource)endpoint.Kind) };

    private static ContractEndpoint.Types.Kind ToContractKind(EndpointSource source) => source switch
    {
        EndpointSource.Configured => ContractEndpoint.Types.Kind.Configured,
        EndpointSource.Interface => ContractEndpoint.Types.Kind.Interface,
        EndpointSource.SeenByController => ContractEndpoint.Types.Kind.SeenByController,
        EndpointSource.SeenByPeer => ContractEndpoint.Types.Kind.SeenByPeer,
        _ => ContractEndpoint.Types.Kind.Unspecified,
    };

    // The same for every mesh until something makes them differ.
    private sealed record MeshRules(uint BgpPort = 12914, uint MaxMeshHops = 2);
}
