using System.Collections.Immutable;
using Google.Protobuf;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Supervision;
using Meshover.Contract.V1;
using Meshover.Mesh.Findings;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Cli.Status;

/// <summary>What can be told of a node whose agent does not answer. Packets may well flow: the data plane and FRR need no agent.</summary>
internal sealed record RemnantStatus
{
    public required NodeIdentity? Identity { get; init; }

    /// <summary>The daemons that the configuration has.</summary>
    public ImmutableArray<string> Daemons { get; init; } = DaemonNames.All;

    /// <summary>The map on disk.</summary>
    public required MeshSnapshot? Map { get; init; }
    public required DataplaneStatus? Dataplane { get; init; }

    /// <summary>Whose that is.</summary>
    public string DataplaneKind { get; init; } = "userspace";
    public required RoutingStatus? Routing { get; init; }

    public StatusDocument Read()
    {
        // By what they are looked for: a large mesh has thousands.
        var nodes = new Dictionary<ByteString, NodeInfo>();
        foreach (var node in Map?.Nodes ?? [])
        {
            foreach (var key in node.WireguardKeys)
                nodes.TryAdd(key, node);
        }
        var neighbors = (Routing?.Neighbors ?? []).ToDictionary(neighbor => neighbor.Interface, StringComparer.Ordinal);
        return Document(
        [
            .. (Dataplane?.Peers ?? []).Where(peer => peer.LinkName is not null)
                .Select(peer => Peer(peer, nodes.GetValueOrDefault(ByteString.CopyFrom(peer.PublicKey.Bytes)), neighbors.GetValueOrDefault(peer.LinkName!)))
                .OrderBy(peer => peer.Hostname, StringComparer.Ordinal),
        ]);
    }

    private StatusDocument Document(ImmutableArray<PeerSection> peers) => new()
    {
        Version = ProgramVersion.Text,
        State = Dataplane is null && Routing is null ? NodeState.Down : NodeState.Degraded,
        Node = Node(),
        Controller = new() { State = "unknown", Address = null, Error = null },
        Map = new() { StoreId = Map?.StoreId, Revision = Map?.Revision ?? 0, AgeSeconds = null },
        Components = [Agent(), DataplaneComponent(), RoutingComponent(), Component("kernel", "unknown", null, [])],
        Peers = peers,
        Announced = [],
        AnnouncedNotGranted = [],
        Endpoints = [],
        Notices = [],
        Findings = [.. Findings()],
    };

    private IEnumerable<StatusFinding> Findings()
    {
        if (Dataplane is null && Routing is null)
            yield break;
        yield return Of(FindingKinds.AgentSilent);
        if (Dataplane is null && Daemons.Contains(DaemonNames.Dataplane))
            yield return Of(FindingKinds.DataplaneSilent);
        if (Routing is null && Daemons.Contains(DaemonNames.Routing))
            yield return Of(FindingKinds.RoutingSilent);
        foreach (var fault in Routing?.Findings ?? [])
            yield return Of(FindingKinds.Find(fault.Code) ?? FindingKinds.FrrFailed) with { Subject = fault.Subject, Text = fault.Text };

        static StatusFinding Of(FindingKind kind) => new() { Code = kind.Code, Severity = kind.SeverityWord, Subject = "", Text = kind.Meaning, Advice = kind.Advice };
    }

    private NodeSection? Node()
    {
        if (Identity is not { Numbers: { } numbers } identity)
            return null;
        var known = Map?.Nodes.FirstOrDefault(n => n.Id == numbers.Id.Value);
        return new NodeSection
        {
            Hostname = identity.HostName,
            Id = numbers.Id.Value,
            Address4 = numbers.Address4.ToString(),
            Address6 = numbers.Address6.ToString(),
            FurtherAddresses = Further(known),
            TunnelAddress = numbers.TunnelAddress.ToString(),
            Asn = numbers.Asn.Value,
            Transit = known?.Transit,
            PublicKey = identity.WireGuardPublicKey.ToString(),
            ListenPort = (uint)(Dataplane?.ListenPort ?? 0),
            CredentialExpires = identity.CredentialExpires > 0 ? DateTimeOffset.FromUnixTimeSeconds(identity.CredentialExpires) : null,
        };
    }

    private static ImmutableArray<FurtherAddressSection> Further(NodeInfo? node) => [.. (node?.FurtherAddresses ?? []).Select(FurtherAddressSection.Of)];

    private static ComponentSection Agent() => Component("agent", "failed", null, ["The agent does not answer; `meshover up` starts it."]);

    private ComponentSection DataplaneComponent() => Dataplane switch
    {
        not null => Component("dataplane", "ok", DataplaneKind, []) with { Build = Dataplane.Build?.Describe() },
        _ when !Daemons.Contains(DaemonNames.Dataplane) => Component("dataplane", "off", null, []),
        _ => Component("dataplane", "failed", null, ["The data plane does not answer; `meshover up` starts it."]),
    };

    private ComponentSection RoutingComponent() => Routing switch
    {
        { State: RoutingState.Running } => Component("routing", "ok", Frr, Routing.Errors),
        { State: RoutingState.Starting or RoutingState.Waiting } => Component("routing", "starting", Frr, Routing.Errors),
        not null => Component("routing", "failed", Frr, Routing.Errors),
        _ when !Daemons.Contains(DaemonNames.Routing) => Component("routing", "off", null, []),
        _ => Component("routing", "failed", null, ["`meshover routing` does not answer; `meshover up` starts it."]),
    };

    private string? Frr => Routing?.FrrVersion is { } version ? $"frr {version}" : null;

    private static ComponentSection Component(string name, string state, string? kind, ImmutableArray<string> errors) =>
        new() { Name = name, State = state, Kind = kind, Errors = errors };

    private static PeerSection Peer(WireGuard.Control.PeerStatus peer, NodeInfo? known, NeighborStatus? neighbor) => new()
    {
        Hostname = known?.Hostname ?? "",
        Id = known?.Id ?? 0,
        Address4 = known?.Address4 ?? "",
        Address6 = known?.Address6 ?? "",
        FurtherAddresses = Further(known),
        Asn = known?.Asn ?? 0,
        Link = peer.LinkName ?? "",
        Endpoint = peer.Endpoint?.ToString(),
        HandshakeAgeSeconds = peer.LastHandshakeAgeMs < 0 ? null : peer.LastHandshakeAgeMs / 1000,
        RxBytes = (ulong)peer.RxBytes,
        TxBytes = (ulong)peer.TxBytes,
        RttMs = null,
        BgpState = neighbor?.BgpState ?? "",
        BfdState = neighbor?.BfdState ?? "",
        PrefixesReceived = (uint)(neighbor?.PrefixesReceived ?? 0),
        Path = "unknown",
        PathReason = "",
        Transit = known?.Transit,
    };
}
