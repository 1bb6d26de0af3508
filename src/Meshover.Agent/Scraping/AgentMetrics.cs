using Meshover.Metrics;

namespace Meshover.Agent.Scraping;

/// <summary>Every metric of an agent. docs/monitoring.md has a row for each (a test holds it).</summary>
internal static class AgentMetrics
{
    public static readonly Metric Build = new("meshover_build_info", MetricType.Gauge, "The program's version; always 1", "version");
    public static readonly Metric Node = new("meshover_info", MetricType.Gauge, "This node's numbers in the mesh; always 1", "node", "site", "asn", "dataplane", "frr");
    public static readonly Metric Component = new("meshover_component_state", MetricType.Gauge, "1 for the state that the component is in, 0 for the others", "component", "state");
    public static readonly Metric Findings = new("meshover_findings", MetricType.Gauge, "What is wrong now, by its code in docs/findings.md: of how many subjects; a code that is not found has no sample", "code", "severity");
    public static readonly Metric Connected = new("meshover_controller_connected", MetricType.Gauge, "1 while a stream with a controller is open");
    public static readonly Metric MapAge = new("meshover_map_age_seconds", MetricType.Gauge, "Since a controller was last heard; absent before the first map");
    public static readonly Metric MapRevision = new("meshover_map_revision", MetricType.Gauge, "Revision of the map that the node works by");
    public static readonly Metric Credential = new("meshover_credential_expiry_timestamp_seconds", MetricType.Gauge, "When the node's credential ends, in seconds since 1970");
    public static readonly Metric Peers = new("meshover_peers", MetricType.Gauge, "Peers of the node");
    public static readonly Metric PeersUp = new("meshover_peers_up", MetricType.Gauge, "Peers whose direct link works: tunnel and BGP session");
    public static readonly Metric PeersNotUp = new("meshover_peers_not_up", MetricType.Gauge, "Peers whose direct link does not work, by reason", "reason");
    public static readonly Metric Sessions = new("meshover_bgp_sessions", MetricType.Gauge, "BGP sessions with peers that FRR is told to have");
    public static readonly Metric Established = new("meshover_bgp_sessions_established", MetricType.Gauge, "BGP sessions with peers that are established");
    public static readonly Metric Accepted = new("meshover_bgp_prefixes_accepted", MetricType.Gauge, "Prefixes accepted from all peers together, each as often as a peer tells it");
    public static readonly Metric Announced = new("meshover_prefixes_announced", MetricType.Gauge, "Prefixes behind the node that it announces and was granted");
    public static readonly Metric Refused = new("meshover_prefixes_refused", MetricType.Gauge, "Prefixes that the node announces and was not granted, so that others refuse them");
    public static readonly Metric Received = new("meshover_receive_bytes_total", MetricType.Counter, "UDP payload received from all peers");
    public static readonly Metric Transmitted = new("meshover_transmit_bytes_total", MetricType.Counter, "UDP payload sent to all peers");
    public static readonly Metric Drops = new("meshover_dropped_packets_total", MetricType.Counter, "Packets that the userspace data plane dropped, by reason", "reason");
    public static readonly Metric FrrRestarts = new("meshover_frr_restarts_total", MetricType.Counter, "How often FRR was started again after one of its daemons died");
    public static readonly Metric DataplaneAge = new("meshover_dataplane_age_seconds", MetricType.Gauge, "Age of what is said here of links and bytes");
    public static readonly Metric RoutingAge = new("meshover_routing_age_seconds", MetricType.Gauge, "Age of what is said here of BGP");
    public static readonly Metric OutsideUp = new("meshover_neighbor_up", MetricType.Gauge, "1 while the BGP session with a router outside the mesh is established", "neighbor");
    public static readonly Metric OutsideAccepted = new("meshover_neighbor_prefixes_accepted", MetricType.Gauge, "Prefixes accepted from a router outside the mesh", "neighbor");
    public static readonly Metric Gathered = new("meshover_gathering_ranges", MetricType.Gauge, "Ranges of sources whose packets are gathered, as this node has them");
    public static readonly Metric GatherOwner = new("meshover_gathering_owner", MetricType.Gauge, "1 for the owner that has what this node, or what is behind it, sends from the range, 0 for the others that may have them", "range", "owner");
    public static readonly Metric GatherUsable = new("meshover_gathering_owners_usable", MetricType.Gauge, "Owners of the range that could take its packets now", "range");
    public static readonly Metric GatherPath = new("meshover_gathering_path", MetricType.Gauge, "Where packets of the range go that this node sends, or what is behind it: 0 to nobody, 1 to the owner by way of others, 2 by the owner's own link, 3 they leave here", "range");
    public static readonly Metric GatherFallback = new("meshover_gathering_fallback", MetricType.Gauge, "1 while nobody has packets of the range and they leave by this node's own default route, else 0", "range");
    public static readonly Metric PeerUp = new("meshover_peer_up", MetricType.Gauge, "1 while the direct link with the peer works: tunnel and BGP session", "peer");
    public static readonly Metric PeerReceived = new("meshover_peer_receive_bytes_total", MetricType.Counter, "UDP payload received from the peer", "peer");
    public static readonly Metric PeerTransmitted = new("meshover_peer_transmit_bytes_total", MetricType.Counter, "UDP payload sent to the peer", "peer");
    public static readonly Metric PeerRtt = new("meshover_peer_rtt_seconds", MetricType.Gauge, "Last round trip over the link; absent while it is not known", "peer");
    public static readonly Metric PeerCost = new("meshover_peer_link_cost", MetricType.Gauge, "What this end adds to the cost of the link, in units of 0.1 ms; absent where the node runs no FRR", "peer");

    public static IReadOnlyList<Metric> All { get; } =
    [
        Build, Node, Component, Findings, Connected, MapAge, MapRevision, Credential, Peers, PeersUp, PeersNotUp, Sessions, Established, Accepted, Announced, Refused,
        Received, Transmitted, Drops, FrrRestarts, DataplaneAge, RoutingAge, OutsideUp, OutsideAccepted, Gathered, GatherOwner, GatherUsable, GatherPath, GatherFallback, PeerUp, PeerReceived, PeerTransmitted, PeerRtt, PeerCost,
        .. ProcessMetrics.All,
    ];
}
