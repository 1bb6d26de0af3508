using System.Collections.Immutable;
using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.Live;
using Meshover.Controller.State;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Endpoint = Meshover.Contract.V1.Endpoint;
using TransitRole = Meshover.Mesh.Map.TransitRole;

namespace Meshover.Controller.Api;

/// <summary>From validated status messages to <see cref="NodeReport"/>.</summary>
internal static class StatusMapping
{
    /// <summary>The report after the message: what is absent in it stays.</summary>
    public static NodeReport Merge(NodeReport report, NodeStatus status) => report with
    {
        Endpoints = status.Endpoints is { } endpoints ? ToRecords(endpoints.Endpoints) : report.Endpoints,
        ListenPort = status.HasListenPort ? (int)status.ListenPort : report.ListenPort,
        Observed = status.Observed is { } observed ? ToEndPoints(observed) : report.Observed,
        LinksUp = status.Links is { } links ? [.. links.Up.Select(id => new NodeId(id))] : report.LinksUp,
        Announced = status.Announced is { } announced ? [.. announced.Prefixes.Select(IPNetwork.Parse)] : report.Announced,
        Site = status.HasSite ? status.Site : report.Site,
        Transit = status.HasTransit ? ToRole(status.Transit) : report.Transit,
        UnderlayMtu = status.HasUnderlayMtu ? (int)status.UnderlayMtu : report.UnderlayMtu,
    };

    public static ImmutableArray<EndpointRecord> ToRecords(IEnumerable<Endpoint> endpoints) =>
    [
        .. endpoints.Select(endpoint => new EndpointRecord(
            ToAddress(endpoint.Address).ToString(), (int)endpoint.Port,
            // A node knows its own configuration and interfaces; what others see is for others to say.
            (int)(endpoint.Kind == Endpoint.Types.Kind.Configured ? EndpointSource.Configured : EndpointSource.Interface))),
    ];

    private static ImmutableDictionary<uint, IPEndPoint> ToEndPoints(ObservedPeers observed) =>
        observed.Peers.DistinctBy(peer => peer.NodeId)
            .ToImmutableDictionary(peer => peer.NodeId, peer => new IPEndPoint(ToAddress(peer.Address), (int)peer.Port));

    // One address has one form: an IPv4 address inside IPv6 is IPv4, and a scope means nothing to others.
    private static IPAddress ToAddress(string text)
    {
        var address = IPAddress.Parse(text);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());
    }

    private static TransitRole ToRole(Contract.V1.TransitRole role) => role switch
    {
        Contract.V1.TransitRole.Always => TransitRole.Always,
        Contract.V1.TransitRole.Never => TransitRole.Never,
        _ => TransitRole.Auto,
    };
}
