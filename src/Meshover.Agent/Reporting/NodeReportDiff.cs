using Meshover.Agent.ControllerLink;
using Meshover.Agent.Reconciling;
using Meshover.Contract.V1;
using GatherClaims = Meshover.Mesh.Gathering.GatherClaims;

namespace Meshover.Agent.Reporting;

/// <summary>Turns a report into the contract's status message: whole, or what changed.</summary>
internal static class NodeReportDiff
{
    /// <summary>Null where nothing changed.</summary>
    /// <param name="former">What was told last; null asks for the whole.</param>
    /// <param name="report">What is so now.</param>
    /// <param name="takesChanges">The controller understands <see cref="ObservedChanges"/>.</param>
    public static NodeStatus? Between(NodeReport? former, NodeReport report, bool takesChanges = true)
    {
        var status = new NodeStatus();
        if (former?.HostName != report.HostName)
            status.Hostname = report.HostName;
        if (former?.ListenPort != report.ListenPort)
            status.ListenPort = (uint)report.ListenPort;
        if (former?.Site != report.Site)
            status.Site = report.Site;
        if (former?.Transit != report.Transit)
            status.Transit = (TransitRole)report.Transit;
        if (report.UnderlayMtu > 0 && former?.UnderlayMtu != report.UnderlayMtu)
            status.UnderlayMtu = (uint)report.UnderlayMtu;
        if ((former?.Gathers ?? GatherClaims.None) != report.Gathers)
            status.Gathers = WireFormat.FromGathers(report.Gathers);
        if ((former?.IsDraining ?? false) != report.IsDraining)
            status.Draining = report.IsDraining;
        AddLists(status, former, report);
        AddObserved(status, former, report, takesChanges);
        return status.CalculateSize() == 0 ? null : status;
    }

    private static void AddLists(NodeStatus status, NodeReport? former, NodeReport report)
    {
        if (former is null || !former.PublicKeys.SequenceEqual(report.PublicKeys))
        {
            status.WireguardKeys = new WireGuardKeys { Keys = { report.PublicKeys.Select(key => Google.Protobuf.ByteString.CopyFrom(key.Bytes)) } };
            status.WireguardKey = status.WireguardKeys.Keys[0]; // for controllers from before there was a list
        }
        if (former is null || !former.Endpoints.SequenceEqual(report.Endpoints))
            status.Endpoints = new EndpointList { Endpoints = { report.Endpoints.Select(WireFormat.FromEndpoint) } };
        if (former is null || !former.Announced.SequenceEqual(report.Announced))
            status.Announced = new PrefixList { Prefixes = { report.Announced.Select(prefix => prefix.ToString()) } };
        if (!(former?.Twice ?? []).SequenceEqual(report.Twice))
            status.Twice = new PrefixList { Prefixes = { report.Twice.Select(prefix => prefix.ToString()) } };
        if (!(former?.Shared ?? []).SequenceEqual(report.Shared))
            status.Shared = new PrefixList { Prefixes = { report.Shared.Select(prefix => prefix.ToString()) } };
        if (!(former?.WishedPrefixes ?? []).SequenceEqual(report.WishedPrefixes))
            status.WishedPrefixes = new PrefixWishes { Lengths = { report.WishedPrefixes.Select(length => (uint)length) } };
        if (former is null || !former.OtherAddresses.SequenceEqual(report.OtherAddresses))
            status.OtherAddresses = new AddressList { Addresses = { report.OtherAddresses.Select(address => address.ToString()) } };
        // By reference: one that is due is sent also where it says the same, since three that do not come make the node lost.
        if (report.Summary is { } summary && !ReferenceEquals(summary, former?.Summary))
            status.Summary = ToWire(summary, former?.Summary);
    }

    private static void AddObserved(NodeStatus status, NodeReport? former, NodeReport report, bool takesChanges)
    {
        if (former is not null && former.Observed.SequenceEqual(report.Observed))
            return;
        if (former is null || !takesChanges)
        {
            status.Observed = new ObservedPeers { Peers = { report.Observed.Select(ToWire) } };
            return;
        }
        status.ObservedChanges = new ObservedChanges
        {
            Seen = { report.Observed.Except(former.Observed).Select(ToWire) },
            Gone = { former.Observed.Select(peer => peer.Node.Value).Except(report.Observed.Select(peer => peer.Node.Value)) },
        };
    }

    private static ObservedPeers.Types.Peer ToWire(ObservedPeer peer) => new()
    {
        NodeId = peer.Node.Value,
        Address = peer.EndPoint.Address.ToString(),
        Port = (uint)peer.EndPoint.Port,
    };

    private static NodeSummary ToWire(ReportSummary summary, ReportSummary? former)
    {
        var wire = new NodeSummary
        {
            Peers = (uint)summary.Peers,
            PeersUp = (uint)summary.PeersUp,
            BgpEstablished = (uint)summary.BgpEstablished,
            Prefixes = (uint)summary.Prefixes,
            RxBytes = summary.RxBytes,
            TxBytes = summary.TxBytes,
            Components = new ComponentHealths
            {
                Dataplane = ToWire(summary.Coarse.Dataplane),
                Routing = ToWire(summary.Coarse.Routing),
                Kernel = ToWire(summary.Coarse.Kernel),
            },
            Announced = (uint)summary.Coarse.Announced,
            Refused = (uint)summary.Coarse.Refused,
            Figures = { summary.Figures.Select(ToWire) },
            Echoes = summary.Echoes.Sent,
            EchoesLost = summary.Echoes.Lost,
            Findings = new FindingCounts { Found = { summary.Findings.Select(finding => new FindingCounts.Types.Found { Code = finding.Code, Count = (uint)finding.Count }) } },
        };
        if (summary.Echoes.Rtt is { } rtt)
            wire.RttUs = (uint)Math.Clamp(rtt.TotalMicroseconds, 1, uint.MaxValue);
        if (summary.DataplaneAge is { } dataplane)
            wire.DataplaneAgeMs = ToMilliseconds(dataplane);
        if (summary.RoutingAge is { } routing)
            wire.RoutingAgeMs = ToMilliseconds(routing);
        if (summary.NotUp is { } down)
            AddLinks(wire, summary, down, former);
        return wire;
    }

    private static void AddLinks(NodeSummary wire, ReportSummary summary, LinkTally down, ReportSummary? former)
    {
        wire.NotUp = new LinkCounts { NoAnswer = (uint)down.NoAnswer, NoSession = (uint)down.NoSession, NoDirectPath = (uint)down.NoDirectPath };
        if (former?.NotUp is null || former.Unlisted != summary.Unlisted || !former.Exceptions.SequenceEqual(summary.Exceptions))
            wire.Exceptions = new LinkExceptions { Links = { summary.Exceptions.Select(ToWire) }, Unlisted = (uint)summary.Unlisted };
    }

    private static LinkExceptions.Types.Link ToWire(LinkException link) =>
        new() { NodeId = link.Peer.Value, Reason = (Contract.V1.LinkReason)link.Reason };

    private static Contract.V1.LinkFigure ToWire(LinkFigure link) => new()
    {
        NodeId = link.Peer.Value,
        // Shorter than a microsecond is no round trip, and 0 says that it is not known.
        RttUs = link.Rtt is { } rtt ? (uint)Math.Clamp(rtt.TotalMicroseconds, 1, uint.MaxValue) : 0,
        RxBytes = link.RxBytes,
        TxBytes = link.TxBytes,
        Mtu = (uint)link.Mtu,
        Family = (uint)link.Family,
    };

    private static ComponentHealth ToWire(ComponentState state) => state switch
    {
        ComponentState.Ok => ComponentHealth.Ok,
        ComponentState.Starting => ComponentHealth.Starting,
        ComponentState.Degraded => ComponentHealth.Degraded,
        ComponentState.Failed => ComponentHealth.Failed,
        _ => ComponentHealth.Off,
    };

    private static uint ToMilliseconds(TimeSpan age) => (uint)Math.Clamp(age.TotalMilliseconds, 0, uint.MaxValue);
}
