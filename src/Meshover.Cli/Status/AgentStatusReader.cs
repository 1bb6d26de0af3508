using System.Collections.Immutable;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;

namespace Meshover.Cli.Status;

/// <summary>From what the agent says to what the user sees.</summary>
internal static class AgentStatusReader
{
    public static StatusDocument Read(AgentStatus status)
    {
        ImmutableArray<ComponentSection> components =
        [
            new() { Name = "agent", State = "ok", Kind = Known(status.Hello?.Version), Errors = [] },
            Component("dataplane", status.Dataplane),
            Component("routing", status.Routing),
            Component("kernel", status.Kernel),
        ];
        return new StatusDocument
        {
            Version = ProgramVersion.Text,
            State = IsWell(status, components) ? NodeState.Up : NodeState.Degraded,
            Node = Node(status),
            Controller = new() { State = status.ControllerState, Address = Known(status.Controller), Error = Known(status.ControllerError) },
            Map = new() { StoreId = Known(status.StoreId), Revision = status.MapRevision, AgeSeconds = Age(status.MapAgeSeconds) },
            Components = components,
            Peers = [.. status.Peers.OrderBy(p => p.Hostname, StringComparer.Ordinal).Select(Peer)],
            Neighbors = [.. status.Neighbors.Select(Neighbor)],
            Gatherings = [.. status.Gatherings.Select(Gathering)],
            Draining = Given(status.Draining),
            Announced = [.. status.Announced],
            AnnouncedNotGranted = [.. status.AnnouncedNotGranted],
            Announcements = [.. status.Announcements.Select(Announcement)],
            AnnouncementSources = [.. status.AnnouncementSources.Select(source => new AnnouncementSourceSection { Name = source.Name, Status = source.Status })],
            KernelHas = [.. status.KernelHas],
            KernelLacks = [.. status.KernelLacks],
            Generation = status.Generation > 0 ? status.Generation : null,
            Endpoints = [.. status.Endpoints.Select(Text)],
            Notices = [.. status.Notices],
            Findings = [.. status.Findings.Select(Finding)],
        };
    }

    /// <summary>
    /// A controller that does not answer is no fault of the node's: it goes on from the map that it has. Nor is a peer that is off.
    /// </summary>
    private static bool IsWell(AgentStatus status, ImmutableArray<ComponentSection> components) =>
        status.MapAgeSeconds >= 0 && status.Peers.All(PeerHealth.IsNoFaultOfOurs) && components.All(c => c.State is "ok" or "off");

    private static NodeSection Node(AgentStatus status) => new()
    {
        Hostname = status.Hostname,
        Id = status.NodeId,
        Address4 = status.Address4,
        Address6 = status.Address6,
        FurtherAddresses = [.. status.FurtherAddresses.Select(FurtherAddressSection.Of)],
        TunnelAddress = status.TunnelAddress,
        Asn = status.Asn,
        Transit = status.Transit,
        PublicKey = status.PublicKey,
        KeyAgeSeconds = status.HasKeyAgeSeconds ? status.KeyAgeSeconds : null,
        KeyChange = status.KeyChange is not { } change ? null : new()
        {
            OtherKey = change.OtherKey,
            Stage = change.Stage,
            AgeSeconds = change.AgeSeconds,
            Peers = change.Peers,
            Agreed = change.Agreed,
        },
        KeyChangeProblem = status.KeyChangeProblem.Length > 0 ? status.KeyChangeProblem : null,
        ListenPort = status.ListenPort,
        CredentialExpires = status.CredentialExpiresUnix > 0 ? DateTimeOffset.FromUnixTimeSeconds(status.CredentialExpiresUnix) : null,
    };

    private static ComponentSection Component(string name, ComponentStatus? status) => new()
    {
        Name = name,
        State = status?.State ?? "unknown",
        Kind = Known(status?.Kind),
        Reason = Known(status?.Reason),
        Build = Known(status?.Build),
        AppliedGeneration = status is { AppliedGeneration: > 0 } ? status.AppliedGeneration : null,
        Errors = status is null ? [] : [.. status.Errors],
    };

    internal static AnnouncementSection Announcement(Announcement announcement) => new()
    {
        Prefix = announcement.Prefix,
        Sources = [.. announcement.Sources],
        Granted = announcement.Granted,
        Withdrawn = announcement.Withdrawn,
        Med = announcement.HasMed ? announcement.Med : null,
        Communities = [.. announcement.Communities],
        Mode = Given(announcement.Mode),
        Role = Given(announcement.Role),
        Check = Given(announcement.Check),
        Reason = Given(announcement.Reason),
        Expires = announcement.ExpiresUnix > 0 ? DateTimeOffset.FromUnixTimeSeconds(announcement.ExpiresUnix) : null,
        DeclaredBy = Given(announcement.DeclaredBy),
        AddressHeld = announcement.AddressHeld,
    };

    private static string? Given(string text) => text.Length > 0 ? text : null;

    private static PeerSection Peer(PeerStatus peer) => new()
    {
        Hostname = peer.Hostname,
        Id = peer.NodeId,
        Address4 = peer.Address4,
        Address6 = peer.Address6,
        FurtherAddresses = [.. peer.FurtherAddresses.Select(FurtherAddressSection.Of)],
        Asn = peer.Asn,
        Link = peer.Link,
        Endpoint = Known(peer.Endpoint),
        HandshakeAgeSeconds = Age(peer.HandshakeAgeSeconds),
        RxBytes = peer.RxBytes,
        TxBytes = peer.TxBytes,
        RttMs = peer.RttMs < 0 ? null : peer.RttMs,
        LinkCost = peer.LinkCost > 0 ? peer.LinkCost : null,
        BfdProfile = Known(peer.BfdProfile),
        BgpState = peer.BgpState,
        BfdState = peer.BfdState,
        PrefixesReceived = peer.PrefixesReceived,
        Path = peer.Path,
        PathReason = peer.PathReason,
        Silent = peer.Silent,
        Transit = peer.Transit,
        Draining = peer.Draining,
    };

    private static NeighborSection Neighbor(OutsideNeighbor neighbor) => new()
    {
        Name = neighbor.Name,
        RemoteAs = neighbor.RemoteAs,
        BgpState = neighbor.BgpState,
        SinceSeconds = Age(neighbor.SinceSeconds),
        PrefixesReceived = neighbor.PrefixesReceived,
        PrefixesSent = neighbor.PrefixesSent,
        BfdState = neighbor.BfdState,
        Error = Known(neighbor.Error),
    };

    private static StatusFinding Finding(Finding finding) => new()
    {
        Code = finding.Code,
        Severity = finding.Severity,
        Subject = finding.Subject,
        Text = finding.Text,
        Advice = finding.Advice,
        More = finding.More,
    };

    private static GatheringSection Gathering(Gathering gathering) => new()
    {
        Prefix = gathering.Prefix,
        Owner = Known(gathering.Owner),
        Path = gathering.Path,
        Reason = Known(gathering.Reason),
        Owners = [.. gathering.Owners.Select(owner => new GatherOwnerSection { Hostname = owner.Hostname, Priority = owner.Priority, Usable = owner.Usable, Reason = Known(owner.Reason) })],
    };

    private static string Text(Endpoint endpoint) =>
        endpoint.Address.Contains(':', StringComparison.Ordinal) ? $"[{endpoint.Address}]:{endpoint.Port}" : $"{endpoint.Address}:{endpoint.Port}";

    private static string? Known(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static long? Age(long seconds) => seconds < 0 ? null : seconds;
}
