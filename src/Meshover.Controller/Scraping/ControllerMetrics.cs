using Meshover.Metrics;

namespace Meshover.Controller.Scraping;

/// <summary>Every metric of a controller. docs/monitoring.md has a row for each (a test holds it).</summary>
internal static class ControllerMetrics
{
    private const string Node = "node";

    public static readonly Metric Build = new("meshover_build_info", MetricType.Gauge, "The program's version; always 1", "version");
    public static readonly Metric Nodes = new("meshover_nodes", MetricType.Gauge, "Members of the mesh by state; none is ever called down", "state");
    public static readonly Metric NodeInfo = new("meshover_node_info", MetricType.Gauge, "A member's numbers, and the release of its agent when it last connected; always 1", Node, "id", "site", "asn", "version");
    public static readonly Metric NodeState = new("meshover_node_state", MetricType.Gauge, "0 unknown, 1 lost, 2 degraded, 3 starting, 4 ok", Node);
    public static readonly Metric NodeLastKnown = new("meshover_node_last_known_state", MetricType.Gauge, "How a node stood before the controller's start, in the same numbers; absent once it is heard", Node);
    public static readonly Metric NodeConnected = new("meshover_node_connected", MetricType.Gauge, "1 while the node has a stream open", Node);
    public static readonly Metric NodeHeardAge = new("meshover_node_heard_age_seconds", MetricType.Gauge, "Since the node last said anything; absent before that", Node);
    public static readonly Metric NodeSummaryAge = new("meshover_node_summary_age_seconds", MetricType.Gauge, "Age of what the node says of itself in the metrics below; absent before the first", Node);
    public static readonly Metric NodeComponent = new("meshover_node_component_healthy", MetricType.Gauge, "1 ok, 0 starting, degraded or failed; absent where it is off or not known", Node, "component");
    public static readonly Metric NodePeers = new("meshover_node_peers", MetricType.Gauge, "Peers of the node", Node);
    public static readonly Metric NodePeersHeard = new("meshover_node_peers_heard", MetricType.Gauge, "Peers of which the node hears directly, with or without a BGP session; absent where its data plane does not say it", Node);
    public static readonly Metric NodePeersUp = new("meshover_node_peers_up", MetricType.Gauge, "Peers whose direct link works; absent where its agent does not say it", Node);
    public static readonly Metric NodePeersNotUp = new("meshover_node_peers_not_up", MetricType.Gauge, "Peers whose direct link does not work though it could", Node);
    public static readonly Metric NodePeersIndirect = new("meshover_node_peers_indirect", MetricType.Gauge, "Peers with which no direct link is possible", Node);
    public static readonly Metric NodeEstablished = new("meshover_node_bgp_sessions_established", MetricType.Gauge, "BGP sessions with peers that are established", Node);
    public static readonly Metric NodeAccepted = new("meshover_node_bgp_prefixes_accepted", MetricType.Gauge, "Prefixes accepted from all peers together", Node);
    public static readonly Metric NodeAnnounced = new("meshover_node_prefixes_announced", MetricType.Gauge, "Prefixes that the node announces and was granted", Node);
    public static readonly Metric NodeRefused = new("meshover_node_prefixes_refused", MetricType.Gauge, "Prefixes that the node announces and was not granted", Node);
    public static readonly Metric NodeReceived = new("meshover_node_receive_bytes_total", MetricType.Counter, "UDP payload that the node received from its peers", Node);
    public static readonly Metric NodeTransmitted = new("meshover_node_transmit_bytes_total", MetricType.Counter, "UDP payload that the node sent to its peers", Node);
    public static readonly Metric Streams = new("meshover_controller_streams", MetricType.Gauge, "Streams of nodes that are open");
    public static readonly Metric StreamsOpened = new("meshover_controller_streams_opened_total", MetricType.Counter, "Streams that nodes have opened");
    public static readonly Metric Reports = new("meshover_controller_reports_total", MetricType.Counter, "Messages in which nodes said how they stand");
    public static readonly Metric ChangeDuration = new("meshover_controller_change_duration_seconds", MetricType.Histogram, "From asking for a change of the store to its being durable and published");
    public static readonly Metric MapSpread = new("meshover_controller_map_spread_seconds", MetricType.Gauge, "From making the newest map to the last stream that was handed it");
    public static readonly Metric MapRevision = new("meshover_controller_map_revision", MetricType.Gauge, "Revision that last changed the map");
    public static readonly Metric StoreRevision = new("meshover_controller_store_revision", MetricType.Gauge, "Revision of the store");
    public static readonly Metric StoreBytes = new("meshover_controller_store_bytes", MetricType.Gauge, "Size of the store's files");
    public static readonly Metric Tokens = new("meshover_controller_tokens", MetricType.Gauge, "Join tokens by state", "state");
    public static readonly Metric RefusedCalls = new("meshover_controller_refused_calls_total", MetricType.Counter, "Calls that were refused, by reason", ControllerMeter.ReasonTag);
    public static readonly Metric RefusedConnections = new("meshover_controller_refused_connections_total", MetricType.Counter, "Connections that were closed since their address has too many");
    public static readonly Metric CheckProblems = new("meshover_check_problems", MetricType.Gauge, "What the checks of the whole mesh found, by check; absent before the first run", "check");
    public static readonly Metric CheckAge = new("meshover_check_age_seconds", MetricType.Gauge, "Since those checks ran, which they do every five minutes; absent before the first run");
    public static readonly Metric GraphNodes = new("graph_meshover_nodes_nodes", MetricType.Gauge,
        "For Grafana's node graph: a member, or a group of them in a large mesh; the share of its links that are up, NaN where none is known", "id", "title", "subtitle");
    public static readonly Metric GraphEdges = new("graph_meshover_nodes_bgp_edges", MetricType.Gauge,
        "For Grafana's node graph: a link, or all between two groups; the share that is up, NaN where none is known", "id", "source", "target");

    public static IReadOnlyList<Metric> All { get; } =
    [
        Build, Nodes, NodeInfo, NodeState, NodeLastKnown, NodeConnected, NodeHeardAge, NodeSummaryAge, NodeComponent, NodePeers, NodePeersHeard, NodePeersUp, NodePeersNotUp, NodePeersIndirect,
        NodeEstablished, NodeAccepted, NodeAnnounced, NodeRefused, NodeReceived, NodeTransmitted, Streams, StreamsOpened, Reports, ChangeDuration, MapSpread,
        MapRevision, StoreRevision, StoreBytes, Tokens, RefusedCalls, RefusedConnections, CheckProblems, CheckAge, GraphNodes, GraphEdges, .. ProcessMetrics.All,
    ];
}
