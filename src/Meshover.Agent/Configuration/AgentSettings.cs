using System.Collections.Immutable;
using Meshover.Agent.Announcing.Declared;
using Meshover.Mesh.Map;
using Meshover.Routing.Config;

namespace Meshover.Agent.Configuration;

/// <summary>Every setting of a node. The file's keys and the flags are both made from this one table, so they cannot differ.</summary>
public static class AgentSettings
{
    public static ImmutableArray<AgentSetting> All { get; } =
    [
        Single("hostname", "NAME", "Name in the mesh (lower case letters, digits, '-' and '.'). Default: the machine's name.",
            (c, v) => c with { HostName = SettingText.HostName(v) }),
        List("announce", "CIDR", "Prefix behind this node that the mesh should reach; takes effect once it is granted. auto/26: one that the controller chooses, and grants. Default: none.",
            (c, v) => c with { Announce = SettingText.Each([.. v.Where(text => !SettingText.IsAuto(text))], SettingText.Prefix), AnnounceAuto = SettingText.AutoLengths([.. v.Where(SettingText.IsAuto)]) }),
        new()
        {
            Name = "announcements",
            ValueName = "{KEY: VALUE}",
            Help = "Prefix or floating address that is announced on conditions, with the keys below; takes effect once it is granted. Default: none.",
            IsList = true,
            IsNested = true,
            Apply = (config, values) => config with { Announcements = AnnouncementReader.Read(values) },
        },
        List("announce-tables", "TABLE", "Kernel table whose routes are announced as they come and go, e.g. 119, Coil's; each takes effect once it is granted. Default: none.",
            (c, v) => c with { AnnounceTables = SettingText.Each(v, SettingText.Table) }),
        List("announce-interfaces", "NAME", "Interface whose addresses are announced as they come and go, each with its prefix length, e.g. kube-lb0, PureLB's; as above. Default: none.",
            (c, v) => c with { AnnounceInterfaces = SettingText.Each(v, SettingText.WorkloadInterface) }),
        Single("announce-bgp", "ADDRESS:PORT", "Where BGP speakers on this machine (Cilium, MetalLB, Calico) may connect, e.g. 127.0.0.1:1790; what they tell is announced as it comes and goes, as above. Default: nowhere.",
            (c, v) => c with { AnnounceBgp = SettingText.ListenEndpoint(v) }),
        Single("announce-bgp-as", "ASN", "The AS number that those speakers are told, the same on all nodes of a cluster. Default: 64999.",
            (c, v) => c with { AnnounceBgpAs = NeighborText.AsNumber(v) }),
        new()
        {
            Name = "workloads",
            ValueName = "{KEY: VALUE}",
            Help = "Bridge with workloads on it, such as virtual machines, with the keys below; as above. Default: none.",
            IsList = true,
            IsNested = true,
            Apply = (config, values) => config with { Workloads = WorkloadReader.Read(values) },
        },
        Single("listen-port", "PORT", "UDP port of WireGuard, 1-65535. Default: 12912.",
            (c, v) => c with { ListenPort = SettingText.Port(v) }),
        List("interface", "NAME", "Underlay interface whose addresses are offered to peers. Default: all of the machine's own.",
            (c, v) => c with { Interfaces = SettingText.Each(v, SettingText.InterfaceName) }),
        List("endpoint", "ADDRESS[:PORT]", "Further address at which peers reach this node, e.g. a forwarded port. Default: none.",
            (c, v) => c with { Endpoints = SettingText.Each(v, SettingText.Endpoint) }),
        List("prefer-underlay", "CIDR", "Underlay on which peers are called first, and to which links that work elsewhere are led, such as a private network beside the internet; of several in this order; on all nodes, as either end may call. Default: none.",
            (c, v) => c with { PreferUnderlay = SettingText.Each(v, SettingText.Prefix) }),
        Single("site", "TEXT", "Groups the nodes of one place; at most 63 characters. Default: none.",
            (c, v) => c with { Site = SettingText.Site(v) }),
        Single("transit", "auto|always|never", "Whether this node passes on others' routes. Default: auto (the controller decides).",
            (c, v) => c with { Transit = SettingText.Choice(v, TransitNames) }),
        Single("dataplane", "auto|kernel|userspace|off", "Who carries the packets. Default: auto (the kernel where it has WireGuard and GRE).",
            (c, v) => c with { Dataplane = SettingText.Choice(v, DataplaneNames) }),
        Single("routing", "frr|off", "Who speaks BGP. Default: frr.",
            (c, v) => c with { Routing = SettingText.Choice(v, RoutingNames) }),
        Single("frr-backend", "process|docker|podman|nerdctl|none", "Where FRR runs: on this machine, or in a container of Docker, Podman or containerd (nerdctl); none: nowhere, and somebody else routes. Default: process.",
            (c, v) => c with { FrrBackend = SettingText.Choice(v, FrrBackendNames) }),
        Single("frr-image", "NAME[:TAG][@sha256:DIGEST]", "Image of that container, which the engine must have already; with a digest, no other. Default: meshover-frr.",
            (c, v) => c with { FrrImage = SettingText.Image(v) }),
        Single("frr-socket", "PATH", "Absolute path of the engine's socket. Default: /run/docker.sock, /run/podman/podman.sock or /run/containerd/containerd.sock.",
            (c, v) => c with { FrrSocket = SettingText.AbsolutePath(v) }),
        Single("mtu", "BYTES", "MTU of the underlay, 1280-65000 bytes; 0 follows its interfaces. Default: 0.",
            (c, v) => c with { Mtu = SettingText.Mtu(v) }),
        Single("bfd-rate", "PACKETS", "BFD packets a second to all peers together, 10-10000; with fewer, a dead link is noticed later. Default: 500.",
            (c, v) => c with { BfdRate = SettingText.BfdRate(v) }),
        List("bfd-profile", "[NODE=]PROFILE", "How soon a link that fell silent is given up: lan (0.3 s), wan (0.9 s), lossy (2.4 s), or auto, by what is measured; for all links, for those with a node (n3=lan), or with the nodes of a site (site:tokyo=lossy); on both ends. Default: auto.",
            (c, v) => c with { BfdProfiles = SettingText.BfdChoices(v) }),
        Single("pmtu-probe", "true|false", "Probe how large a packet reaches each peer in one piece, and lower its link's MTU to that, though not below 1280. Default: false.",
            (c, v) => c with { ProbePathMtu = SettingText.Choice(v, BooleanNames) }),
        Single("advertise", "true|false", "false holds the announced prefixes back, but never the node's own addresses. Default: true.",
            (c, v) => c with { Advertise = SettingText.Choice(v, BooleanNames) }),
        Single("accept-default", "true|false", "Let a default route that is granted to a node of the mesh take this node's traffic, and pass it on as a transit node. Default: false.",
            (c, v) => c with { AcceptDefault = SettingText.Choice(v, BooleanNames) }),
        List("gather", "CIDR", "Range of source addresses whose packets to destinations outside the mesh leave here, from whichever node; it must lie in a grant of this node that says `--gather`. Default: none.",
            (c, v) => c with { Gather = SettingText.GatherRanges(v) }),
        Single("gather-priority", "NUMBER", "Of several nodes that gather a range, the living one with the greatest number has its packets, 1-255; those with one number share the nodes. Default: 100.",
            (c, v) => c with { GatherPriority = SettingText.GatherPriority(v) }),
        List("gather-check", "ADDRESS", "Host outside the mesh that answers to ping; while none of those given has for a second, other owners that are well get what is gathered here. Default: none.",
            (c, v) => c with { GatherCheck = SettingText.Each(v, SettingText.OutsideHost) }),
        Single("gather-fallback", "refuse|default", "What becomes of packets of a gathered range on this node while none of its owners lives: refused, or out by the default route. Default: refuse.",
            (c, v) => c with { GatherFallback = SettingText.Choice(v, FallbackNames) }),
        List("masquerade", "CIDR", "Source addresses, such as pods', that packets change for one of this node's where they leave the mesh here. Default: none.",
            (c, v) => c with { Masquerade = SettingText.Each(v, SettingText.Masqueraded) }),
        Single("measured-cost", "true|false", "Prefer the better of several ways: links whose round trips are long or differ, or that lose packets, cost more. Default: true.",
            (c, v) => c with { MeasuredCost = SettingText.Choice(v, BooleanNames) }),
        List("link-cost", "NODE=COST", "What the links with a node (n3=200), or with the nodes of a site (site:tokyo=50), cost beyond what is measured, in units of 0.1 ms, both ways, 0-10000. Default: none.",
            (c, v) => c with { LinkCosts = SettingText.AddedCosts(v) }),
        new()
        {
            Name = "neighbors",
            ValueName = "{KEY: VALUE}",
            Help = "BGP router outside the mesh, with the keys below. Default: none.",
            IsList = true,
            IsNested = true,
            Apply = (config, values) => config with { Neighbors = NeighborReader.Read(values) },
        },
        Single("docker-user", "true|false", "Keep two rules, tagged \"meshover\", in Docker's chain DOCKER-USER, that let the links pass Docker's FORWARD policy. Default: false.",
            (c, v) => c with { DockerUser = SettingText.Choice(v, BooleanNames) }),
        Single("drain-on-stop", "SECONDS", "How long the node may take to hand over what other nodes announce, too, when it is stopped, 0-60; 0: it does not. Default: 5.",
            (c, v) => c with { DrainOnStop = SettingText.DrainOnStop(v) }),
        Single("templates", "DIRECTORY", "Absolute path of snippets and templates that add to the built-in ones for FRR, or replace them; it is watched. Default: none.",
            (c, v) => c with { Templates = SettingText.AbsolutePath(v) }),
        Single("map.maxAge", "DURATION", "How long to go on without hearing a controller, e.g. 90m, 36h, 30d; 0: for ever. Default: 0.",
            (c, v) => c with { MapMaxAge = SettingText.Duration(v) }),
        Single("rotate-key-after", "DURATION", "Age at which the node changes its WireGuard key by itself, at least 1h, e.g. 30d; 0: never. Default: 0.",
            (c, v) => c with { RotateKeyAfter = SettingText.KeyAge(v) }),
        Single("metrics-listen", "ADDRESS:PORT", "Where to serve metrics for Prometheus, by plain HTTP: an address of loopback, or this node's in the mesh. Default: nowhere.",
            (c, v) => c with { MetricsListen = SettingText.ListenEndpoint(v) }),
        Single("metrics-peers", "auto|all|none", "Whether the metrics tell of each peer. Default: auto (up to 64 peers).",
            (c, v) => c with { MetricsPeers = SettingText.Choice(v, PeerDetailNames) }),
        Single("otlp-endpoint", "URL", "Where traces of calls to the controller are sent (OpenTelemetry's protocol by HTTP), such as http://192.0.2.1:4318. Default: nowhere.",
            (c, v) => c with { OtlpEndpoint = SettingText.HttpUrl(v) }),
        Single("dns", "true|false", "Answer for the names of the mesh (NODE.mesh) on this node. Default: true.",
            (c, v) => c with { Dns = SettingText.Choice(v, BooleanNames) }),
        Single("dns-zone", "NAME", "What the nodes' names end in. Default: mesh.",
            (c, v) => c with { DnsZone = SettingText.DnsZone(v) }),
        List("dns-listen", "ADDRESS[:PORT]", "Where names are answered, by UDP and TCP; port 53. Default: this node's addresses and 127.0.129.12.",
            (c, v) => c with { DnsListen = SettingText.Each(v, SettingText.DnsListen) }),
        List("controller", "HOST[:PORT]", "Controller to use instead of those that the join string and the map name; port 12913. Default: none.",
            (c, v) => c with { Controllers = SettingText.Each(v, SettingText.HostAndPort) }),
    ];

    private static readonly ImmutableArray<(string, TransitRole)> TransitNames =
        [("auto", TransitRole.Auto), ("always", TransitRole.Always), ("never", TransitRole.Never)];

    private static readonly ImmutableArray<(string, DataplaneChoice)> DataplaneNames =
        [("auto", DataplaneChoice.Auto), ("kernel", DataplaneChoice.Kernel), ("userspace", DataplaneChoice.Userspace), ("off", DataplaneChoice.Off)];

    private static readonly ImmutableArray<(string, RoutingChoice)> RoutingNames = [("frr", RoutingChoice.Frr), ("off", RoutingChoice.Off)];

    private static readonly ImmutableArray<(string, FrrBackendKind)> FrrBackendNames =
    [
        ("process", FrrBackendKind.Process), ("docker", FrrBackendKind.Docker), ("podman", FrrBackendKind.Podman),
        ("nerdctl", FrrBackendKind.Nerdctl), ("none", FrrBackendKind.None),
    ];

    private static readonly ImmutableArray<(string, PeerDetail)> PeerDetailNames =
        [("auto", PeerDetail.Auto), ("all", PeerDetail.All), ("none", PeerDetail.None)];

    private static readonly ImmutableArray<(string, bool)> FallbackNames = [("refuse", false), ("default", true)];

    private static readonly ImmutableArray<(string, bool)> BooleanNames = [("true", true), ("false", false)];

    /// <summary>Null where there is no setting of that name.</summary>
    public static AgentSetting? Find(string name) => All.FirstOrDefault(s => s.Name == name);

    private static AgentSetting Single(string name, string valueName, string help, Func<AgentConfig, string, AgentConfig> apply) =>
        new() { Name = name, ValueName = valueName, Help = help, Apply = (config, values) => apply(config, values[0]) };

    private static AgentSetting List(
        string name, string valueName, string help, Func<AgentConfig, ImmutableArray<string>, AgentConfig> apply) =>
        new() { Name = name, ValueName = valueName, Help = help, IsList = true, Apply = apply };
}
