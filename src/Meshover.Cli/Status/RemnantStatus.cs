using System.Collections.Immutable;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Cli.Status;

/// <summary>What can be told of a node whose agent does not answer. Packets may well flow: the data plane and FRR need no agent.</summary>
internal sealed record RemnantStatus
{
    public required NodeIdentity? Identity { get; init; }

    /// <summary>The map on disk.</summary>
    public required MeshSnapshot? Map { get; init; }
    public required DataplaneStatus? Dataplane { get; init; }
    public required RoutingStatus? Routing { get; init; }

    public StatusDocument Read() => new()
    {
        Version = ProgramVersion.Text,
        State = Dataplane is null && Routing is null ? NodeState.Down : NodeState.Degraded,
        Node = Node(),
        Controller = new() { State = "unknown", Address = null, Error = null },
        Map = new() { StoreId = Map?.StoreId, Revision = Map?.Revision ?? 0, AgeSeconds = null },
        Components = [Agent(), DataplaneComponent(), RoutingComponent(), new() { Name = "kernel", State = "unknown", Kind = null, Errors = [] }],
        Peers = [.. (Dataplane?.Peers ?? []).Where(p => p.LinkName is not null).Select(Peer).OrderBy(p => p.Hostname, StringComparer.Ordinal)],
        Announced = [],
        AnnouncedNotGranted = [],
        Endpoints = [],
        Notices = [],
    };

    private NodeSection? Node()
    {
        if (Identity is not { Numbers: { } numbers } identity)
            return null;
        return new NodeSection
        {
            Hostname = identity.HostName,
            Id = numbers.Id.Value,
            Address4 = numbers.Address4.ToString(),
            Address6 = numbers.Address6.ToString(),
            TunnelAddress = numbers.TunnelAddress.ToString(),
            Asn = numbers.Asn.Value,
            Transit = Map?.Nodes.FirstOrDefault(n => n.Id == numbers.Id.Value)?.Transit,
            PublicKey = identity.WireGuardPublicKey.ToString(),
            ListenPort = (uint)(Dataplane?.ListenPort ?? 0),
            CredentialExpires = DateTimeOffset.FromUnixTimeSeconds(identity.CredentialExpires),
        };
    }

    private static ComponentSection Agent() => new()
    {
        Name = "agent", State = "failed", Kind = null, Errors = ["The agent does not answer; `meshover up` starts it."],
    };

    private ComponentSection DataplaneComponent() => new()
    {
        Name = "dataplane",
        State = Dataplane is null ? "failed" : "ok",
        Kind = Dataplane is null ? null : "userspace",
        Errors = Dataplane is null ? ["The data plane does not answer."] : [],
    };

    private ComponentSection RoutingComponent() => new()
    {
        Name = "routing",
        State = Routing?.State switch
        {
            RoutingState.Running => "ok",
            RoutingState.Starting or RoutingState.Waiting => "starting",
            _ => "failed",
        },
        Kind = Routing?.FrrVersion is { } version ? $"frr {version}" : null,
        Errors = Routing?.Errors ?? ["`meshover routing` does not answer."],
    };

    private PeerSection Peer(WireGuard.Control.PeerStatus peer)
    {
        var known = Map?.Nodes.FirstOrDefault(n => n.WireguardKeys.Any(k => k.Span.SequenceEqual(peer.PublicKey.Bytes)));
        var neighbor = Routing?.Neighbors.FirstOrDefault(n => n.Interface == peer.LinkName);
        return new PeerSection
        {
            Hostname = known?.Hostname ?? "",
            Id = known?.Id ?? 0,
            Address4 = known?.Address4 ?? "",
            Address6 = known?.Address6 ?? "",
            Asn = known?.Asn ?? 0,
            Link = peer.LinkName ?? "",
            Endpoint = peer.Endpoint?.ToString(),
            HandshakeAgeSeconds = peer.LastHandshakeAgeMs < 0 ? null : peer.LastHandshakeAgeMs / 1000,
            RxBytes = (ulong)peer.RxBytes,
            TxBytes = (ulong)peer.TxBytes,
            RttMs = null,
            BgpState = neighbor?.BgpState ?? "",
            PrefixesReceived = (uint)(neighbor?.PrefixesReceived ?? 0),
            Path = "unknown",
            PathReason = "",
            Transit = known?.Transit,
        };
    }
}
