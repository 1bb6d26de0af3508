using System.Collections.Immutable;
using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.Live;
using Meshover.Controller.State;
using Meshover.Mesh.Map;
using Endpoint = Meshover.Contract.V1.Endpoint;
using TransitRole = Meshover.Mesh.Map.TransitRole;

namespace Meshover.Controller.Api;

/// <summary>From validated status messages to <see cref="ReportedState"/>.</summary>
internal static class StatusMapping
{
    /// <summary>The report after the message: what is absent in it stays.</summary>
    /// <param name="report">Before the message.</param>
    /// <param name="status">The message.</param>
    /// <param name="isNews">Whether it is worth keeping that a node is seen at a place; see <see cref="Sightings"/>.</param>
    public static ReportedState Merge(ReportedState report, NodeStatus status, Func<uint, IPEndPoint, bool> isNews) => report with
    {
        Endpoints = status.Endpoints is { } endpoints ? ToRecords(endpoints.Endpoints) : report.Endpoints,
        ListenPort = status.HasListenPort ? (int)status.ListenPort : report.ListenPort,
        OtherAddresses = status.OtherAddresses is { } others ? ToAddresses(others.Addresses) : report.OtherAddresses,
        Observed = Merge(report.Observed, status, isNews),
        LinksUp = LinksUp(status) ?? report.LinksUp,
        Announced = status.Announced is { } announced ? [.. announced.Prefixes.Select(IPNetwork.Parse)] : report.Announced,
        Twice = status.Twice is { } twice ? [.. twice.Prefixes.Select(IPNetwork.Parse)] : report.Twice,
        Shared = status.Shared is { } shared ? [.. shared.Prefixes.Select(IPNetwork.Parse)] : report.Shared,
        IsDraining = status.HasDraining ? status.Draining : report.IsDraining,
        Gathers = status.Gathers is { } gathers ? ToRecord(gathers) : report.Gathers,
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

    private static GatherRecord? ToRecord(GatherClaims gathers) =>
        gathers.Prefixes.Count == 0 ? null : new GatherRecord([.. gathers.Prefixes], (int)gathers.Priority, gathers.Failing);

    public static ImmutableArray<IPAddress> ToAddresses(IEnumerable<string> addresses) => [.. addresses.Select(ToAddress)];

    // The same object where nothing changed.
    private static ImmutableDictionary<uint, IPEndPoint> Merge(
        ImmutableDictionary<uint, IPEndPoint> observed, NodeStatus status, Func<uint, IPEndPoint, bool> isNews)
    {
        if (status.Observed is { } whole)
            observed = ImmutableDictionary<uint, IPEndPoint>.Empty.SetItems(News(whole.Peers, isNews));
        return status.ObservedChanges is { } changes
            ? observed.RemoveRange(changes.Gone.Concat(changes.Seen.Select(peer => peer.NodeId))).SetItems(News(changes.Seen, isNews))
            : observed;
    }

    private static IEnumerable<KeyValuePair<uint, IPEndPoint>> News(IEnumerable<ObservedPeers.Types.Peer> peers, Func<uint, IPEndPoint, bool> isNews) =>
        peers.Select(peer => KeyValuePair.Create(peer.NodeId, new IPEndPoint(ToAddress(peer.Address), (int)peer.Port)))
            .Where(seen => isNews(seen.Key, seen.Value));

    // An agent from before names them one by one. Null: nothing is said of them.
    private static int? LinksUp(NodeStatus status) => status.Links is { } links ? links.Up.Count
        : status.Summary is { } summary ? (int)Math.Min(summary.PeersUp, int.MaxValue) : null;

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
