namespace Meshover.Mesh.Findings;

/// <summary>
/// The catalogue: all that `status`, `doctor`, metrics and events call by a code. Entries are only ever added; an old code is never given another meaning.
/// </summary>
public static class FindingKinds
{
    // Links and peers.
    public static readonly FindingKind PeerOff = new("peer-off", FindingSeverity.Notice,
        "No node reaches the peer: it is off or cut off.",
        "Look at that machine; nothing is wrong at this one.");
    public static readonly FindingKind PeerUnreached = new("peer-unreached", FindingSeverity.Fault,
        "Nothing is heard from the peer directly, while other nodes reach it: UDP between the two is blocked.",
        "Let UDP pass between the two machines, at both ends and on the way (the port is WireGuard's, 12912 unless it was set).");
    public static readonly FindingKind UnderlayCut = new("underlay-cut", FindingSeverity.Fault,
        "No peer is heard at all: this machine cannot send or receive UDP, or all of them are off.",
        "Look at this machine's uplink and at firewalls before it; `meshover doctor` looks at its own.");
    public static readonly FindingKind NoDirectPath = new("no-direct-path", FindingSeverity.Notice,
        "By what the mesh map says the two nodes cannot meet: both are behind a NAT, or they have no address family in common.",
        "Nothing, if a transit node carries their traffic; else forward WireGuard's UDP port to one of them.");
    public static readonly FindingKind TunnelOneWay = new("tunnel-one-way", FindingSeverity.Fault,
        "The peer is heard, but nothing that this node sends is answered: packets to it are lost on the way.",
        "Look for what drops UDP on the way from this node to the peer, such as a firewall at the peer that lets only answers pass.");
    public static readonly FindingKind BgpDown = new("bgp-down", FindingSeverity.Warning,
        "The tunnel to the peer works, but there is no BGP session.",
        "If it lasts: check that FRR runs at both ends and that no firewall drops TCP port 12914 on the links (`meshover doctor` at both).");
    public static readonly FindingKind PathMtu = new("path-mtu", FindingSeverity.Warning,
        "The way to the peer is narrower than the link's planned MTU, and does not say so.",
        "Nothing must be done, as the link was made smaller; where that costs too much, find the narrow hop or set `mtu`.");
    public static readonly FindingKind LinkOfNobody = new("link-of-nobody", FindingSeverity.Notice,
        "A setting of links (`link-cost`, `bfd-profile`) names a node or a site that the mesh does not have: it does nothing.",
        "Correct the name (`meshover status` shows all), or let the node join.");
    public static readonly FindingKind KeyDiffers = new("key-differs", FindingSeverity.Fault,
        "The data plane runs under another WireGuard key than the one that the mesh knows: no peer accepts it.",
        "The agent puts its own back within some seconds. If this stays or comes back, find what sets another one (`wg set`).");

    // Controller.
    public static readonly FindingKind ControllerName = new("controller-name", FindingSeverity.Warning,
        "The controller's name does not resolve.",
        "Check DNS on this machine (`getent hosts NAME`); the node works by its last map meanwhile.");
    public static readonly FindingKind ControllerUnreachable = new("controller-unreachable", FindingSeverity.Warning,
        "No controller answers.",
        "Check that it runs, and that TCP port 12913 reaches it; the node works by its last map meanwhile.");
    public static readonly FindingKind ControllerCertificate = new("controller-certificate", FindingSeverity.Fault,
        "What answers at the controller's address is not trusted: its certificate is not of this mesh.",
        "Check the address; where the mesh's authority was replaced, join again with a new join string.");
    public static readonly FindingKind ControllerRefused = new("controller-refused", FindingSeverity.Fault,
        "The controller refuses this node.",
        "Its reason says what an administrator must do, such as `meshover node allow`.");
    public static readonly FindingKind ClockSkew = new("clock-skew", FindingSeverity.Warning,
        "This machine's clock and the controller's differ by more than a minute.",
        "Set the clock (NTP): credentials and certificates have times, and logs cannot be compared.");
    public static readonly FindingKind NoMap = new("no-map", FindingSeverity.Fault,
        "No map of the mesh has come yet.",
        "Wait for the controller, or see why it does not answer.");
    public static readonly FindingKind MapTooOld = new("map-too-old", FindingSeverity.Fault,
        "The map is older than `map-max-age` allows: the node speaks to nobody.",
        "Let a controller be reached, or allow an older map.");
    public static readonly FindingKind MapPartlyUnusable = new("map-partly-unusable", FindingSeverity.Warning,
        "Part of what the controller sent cannot be used.",
        "Upgrade the older one of agent and controller.");
    public static readonly FindingKind MapFileDamaged = new("map-file-damaged", FindingSeverity.Notice,
        "The map on disk cannot be used.",
        "Nothing: a controller's next answer replaces it.");
    public static readonly FindingKind PlanFailed = new("plan-failed", FindingSeverity.Fault,
        "No plan can be made of the map: this node goes on as before.",
        "Upgrade the agent, and report it: it is a defect.");
    public static readonly FindingKind CopiedState = new("copied-state", FindingSeverity.Fault,
        "Two machines use this node's identity.",
        "On the copy run `meshover down`, delete /var/lib/meshover and join again.");
    public static readonly FindingKind NodeRemoved = new("node-removed", FindingSeverity.Fault,
        "An administrator removed this node from the mesh.",
        "`meshover node allow` at the controller, then join again.");
    public static readonly FindingKind NameTaken = new("name-taken", FindingSeverity.Warning,
        "The name or the key that this node wants is another's: it keeps the one that it has.",
        "Choose another hostname.");
    public static readonly FindingKind ControllerNotice = new("controller-notice", FindingSeverity.Notice,
        "The controller says something that this release does not know.",
        "Read its text; upgrade the agent.");

    // Announcements.
    public static readonly FindingKind AnnouncementNotGranted = new("announcement-not-granted", FindingSeverity.Warning,
        "A prefix is announced but not granted: other nodes refuse it.",
        "An administrator grants it (`meshover grant add NODE PREFIX`), or it is taken out of `announce`.");
    public static readonly FindingKind GrantUnused = new("grant-unused", FindingSeverity.Notice,
        "A prefix is granted to this node, and nothing of it is announced.",
        "Announce it (`meshover up --announce PREFIX`), or remove the grant.");
    public static readonly FindingKind NoPrefixAssigned = new("no-prefix-assigned", FindingSeverity.Warning,
        "This node announces a prefix of the controller's choice (auto/LENGTH), and has none.",
        "Give the controller a workload pool with room (`workloadPool4`, `workloadPool6`), or wish for a longer prefix.");
    public static readonly FindingKind PrefixAnnouncedTwice = new("prefix-announced-twice", FindingSeverity.Notice,
        "Another node announces the same prefix.",
        "Nothing, if it is meant so (anycast); else take it away from one of them.");
    public static readonly FindingKind HostTwice = new("host-twice", FindingSeverity.Warning,
        "A host of one address lives at this node and at another.",
        "Give one of them another address.");
    public static readonly FindingKind AnnouncementUnreached = new("announcement-unreached", FindingSeverity.Warning,
        "An announced prefix is withdrawn, as this machine no longer has a route to it.",
        "Bring up the interface behind which it lies.");
    public static readonly FindingKind AnnouncementCheckFailing = new("announcement-check-failing", FindingSeverity.Warning,
        "A prefix is withdrawn, as the check of what is behind it fails.",
        "Look at the service; `meshover announcements` says what the check saw.");
    public static readonly FindingKind AnnouncementLapsed = new("announcement-lapsed", FindingSeverity.Warning,
        "A prefix that rests on a living agent had lapsed within the last five minutes: the agent was not heard in time.",
        "Look into the agent's log for why it ended or stood still.");
    public static readonly FindingKind NodeDraining = new("node-draining", FindingSeverity.Notice,
        "This node is drained: it is liked least, and what others announce, too, is left to them.",
        "`meshover undrain` brings it back.");
    public static readonly FindingKind RouteShadowed = new("route-shadowed", FindingSeverity.Warning,
        "A route of the mesh is not used: this machine has one of its own to the same prefix, which comes first.",
        "Take the machine's own route away if the mesh is meant.");
    public static readonly FindingKind RouteNotInstalled = new("route-not-installed", FindingSeverity.Fault,
        "FRR has chosen a route of the mesh, but the kernel does not have it.",
        "See FRR's log for what the kernel refused; `ip route` shows what stands in its place. Where it refused nothing, another program took the route or its next hop away (`ip nexthop`, systemd-networkd) and FRR does not know: end Meshover's zebra (`kill $(cat /run/meshover/frr/run/zebra.pid)`), and FRR starts anew, gracefully, with all routes.");
    public static readonly FindingKind NeighborUnusable = new("neighbor-unusable", FindingSeverity.Warning,
        "A router outside the mesh is not spoken to, as its settings contradict the mesh.",
        "Correct it in the settings (`neighbors`).");
    public static readonly FindingKind NeighborDown = new("neighbor-down", FindingSeverity.Warning,
        "There is no BGP session with a router outside the mesh.",
        "Check that it runs and speaks BGP with this node.");

    // Gathering.
    public static readonly FindingKind GatheringNotGranted = new("gathering-not-granted", FindingSeverity.Warning,
        "A range is to be gathered at this node, which is not granted it for that: nobody gathers it.",
        "An administrator grants it (`meshover grant add NODE PREFIX --gather`), or it is taken out of `gather`.");
    public static readonly FindingKind GatheringUntold = new("gathering-untold", FindingSeverity.Warning,
        "A range is gathered at this node, and the others do not know of it.",
        "See why the controller does not answer; where it does, upgrade it.");
    public static readonly FindingKind GatheringPartial = new("gathering-partial", FindingSeverity.Warning,
        "A node gathers more ranges than this release can read or takes from one node.",
        "Upgrade this node.");
    public static readonly FindingKind GatheringTooMany = new("gathering-too-many", FindingSeverity.Warning,
        "More ranges are to be gathered than a node takes.",
        "Gather larger ranges.");

    // Data plane.
    public static readonly FindingKind DataplaneSilent = new("dataplane-silent", FindingSeverity.Fault,
        "The data plane does not answer.",
        "Its log says why (/run/meshover/dataplane.log, or `journalctl -u meshover-dataplane`).");
    public static readonly FindingKind DataplaneFailed = new("dataplane-failed", FindingSeverity.Fault,
        "The data plane cannot do what it should.",
        "Its error says what the system refused.");
    public static readonly FindingKind PortTaken = new("port-taken", FindingSeverity.Fault,
        "A port that the mesh needs is in use by another program.",
        "Stop that program, or choose another port.");
    public static readonly FindingKind InterfaceName = new("interface-name", FindingSeverity.Fault,
        "An interface that is not Meshover's has a name that Meshover needs.",
        "Rename or remove it.");
    public static readonly FindingKind UnderlayMtu = new("underlay-mtu", FindingSeverity.Warning,
        "The underlay's MTU is too small: outer packets are fragmented, which is slow.",
        "Raise the underlay's MTU.");
    public static readonly FindingKind EngineBuild = new("engine-build", FindingSeverity.Warning,
        "The data plane runs as a slower build than this processor could run.",
        "Put the better build beside meshover and restart the data plane.");
    public static readonly FindingKind KeyChange = new("key-change", FindingSeverity.Warning,
        "A change of the WireGuard key did not come about.",
        "Its text says why; `meshover rotate-key` tries again.");

    // Kernel.
    public static readonly FindingKind KernelRefused = new("kernel-refused", FindingSeverity.Fault,
        "Something that the node needs could not be set in the kernel.",
        "Its text says what, and what the kernel said.");
    public static readonly FindingKind KernelContended = new("kernel-contended", FindingSeverity.Fault,
        "Another program undoes again and again what the agent sets in the kernel.",
        "Find that program, and tell it to leave Meshover's things alone.");
    public static readonly FindingKind AddressRemoved = new("address-removed", FindingSeverity.Fault,
        "Another program takes an address of the node from its interface, again and again.",
        "Find that program (a network manager?); see docs/living-with-others.md.");
    public static readonly FindingKind RpFilterStrict = new("rp-filter-strict", FindingSeverity.Fault,
        "rp_filter is strict where packets of the mesh arrive.",
        "Set it to 2, and find the program that sets it back.");
    public static readonly FindingKind ForwardingOff = new("forwarding-off", FindingSeverity.Fault,
        "This machine does not forward: nothing behind it is reached.",
        "Set net.ipv4.conf.all.forwarding and net.ipv6.conf.all.forwarding to 1, and find the program that turns them off.");
    public static readonly FindingKind SysctlReadOnly = new("sysctl-read-only", FindingSeverity.Fault,
        "/proc/sys is read-only, and is not as the mesh needs it.",
        "Set the keys from outside the container.");
    public static readonly FindingKind RouterAdvertisement = new("router-advertisement", FindingSeverity.Fault,
        "This machine hears no router advertisements where its IPv6 comes from.",
        "Set accept_ra to 2 on that interface; if it is, the router sends none.");
    public static readonly FindingKind Ipv6Off = new("ipv6-off", FindingSeverity.Fault,
        "IPv6 is switched off where the mesh needs it.",
        "Turn it on; see `meshover doctor`.");
    public static readonly FindingKind NftablesMissing = new("nftables-missing", FindingSeverity.Fault,
        "nftables cannot be used: forged tunnel addresses are not dropped, and TCP segments are not made to fit.",
        "Install the package nftables, and load the kernel's module nf_tables.");
    public static readonly FindingKind PolicyRule = new("policy-rule", FindingSeverity.Fault,
        "A policy rule of this machine leads packets for the mesh away.",
        "Before it, look up main without its default routes; see `meshover doctor`.");
    public static readonly FindingKind RulePreference = new("rule-preference", FindingSeverity.Warning,
        "Another's policy rule has the preference of one of Meshover's.",
        "Give it another preference.");
    public static readonly FindingKind RoutingTable = new("routing-table", FindingSeverity.Fault,
        "Another program uses Meshover's routing table.",
        "Make it use another.");
    public static readonly FindingKind UnderlayRoute = new("underlay-route", FindingSeverity.Warning,
        "A route or rule of the underlay cannot be followed by WireGuard's packets.",
        "Add it as a plain route as well; see its text.");
    public static readonly FindingKind AddressPool = new("address-pool", FindingSeverity.Fault,
        "An address or route of this machine lies in one of the mesh's pools.",
        "Remove it, or make the mesh with another pool.");

    // Firewalls and other programs.
    public static readonly FindingKind FirewallDropsTunnel = new("firewall-drops-tunnel", FindingSeverity.Fault,
        "A firewall of this machine drops WireGuard's packets, or GRE inside the tunnel.",
        "Accept them before what drops them.");
    public static readonly FindingKind FirewallDropsBgp = new("firewall-drops-bgp", FindingSeverity.Fault,
        "A firewall of this machine drops BGP or BFD on the links.",
        "Accept what comes in by `mo-*` before what drops it.");
    public static readonly FindingKind FirewallDropsForwarding = new("firewall-drops-forwarding", FindingSeverity.Fault,
        "A firewall of this machine drops what the node forwards.",
        "Accept forwarding from and to `mo-*` before what drops it.");
    public static readonly FindingKind FirewallRpFilter = new("firewall-rp-filter", FindingSeverity.Warning,
        "A firewall of this machine has a reverse path filter of its own, which looks into the main table alone.",
        "Leave `iif` out of it, or turn it off.");
    public static readonly FindingKind TransitTranslation = new("transit-translation", FindingSeverity.Warning,
        "A firewall translates addresses on the links, but does not see what passes from one to another.",
        "Translate where packets enter the mesh.");
    public static readonly FindingKind DockerForward = new("docker-forward", FindingSeverity.Fault,
        "Docker drops what the node forwards.",
        "`meshover up --docker-user true`.");
    public static readonly FindingKind CiliumHostRouting = new("cilium-host-routing", FindingSeverity.Warning,
        "Cilium forwards the packets of pods by BPF, past this machine's firewall and its rules by mark.",
        "`bpf.hostLegacyRouting: true`, or what docs/guides/cilium.md says of the alternatives.");
    public static readonly FindingKind NetworkManager = new("network-manager", FindingSeverity.Warning,
        "A network manager was not told to leave Meshover's interfaces alone.",
        "`meshover doctor --fix` installs its file.");

    // FRR.
    public static readonly FindingKind RoutingSilent = new("routing-silent", FindingSeverity.Fault,
        "`meshover routing`, which keeps FRR, does not answer.",
        "`meshover up` starts it; its log says why it ended.");
    public static readonly FindingKind FrrMissing = new("frr-missing", FindingSeverity.Fault,
        "FRR is not installed.",
        "Install it (Debian: `apt install frr`), or leave routing out (`--routing off`).");
    public static readonly FindingKind FrrEngine = new("frr-engine", FindingSeverity.Fault,
        "The engine of containers in which FRR is to run does not answer, or refuses.",
        "Start it; let `frr-socket` name its socket; or let FRR run elsewhere (`frr-backend`).");
    public static readonly FindingKind FrrImage = new("frr-image", FindingSeverity.Fault,
        "The image from which FRR is to run is not there, is another than it must be, or has no FRR.",
        "Build it from deploy/frr/Dockerfile, pull it, or name another (`frr-image`).");
    public static readonly FindingKind FrrFailed = new("frr-failed", FindingSeverity.Fault,
        "FRR cannot run.",
        "Its text has FRR's own words.");
    public static readonly FindingKind FrrRestarting = new("frr-restarting", FindingSeverity.Warning,
        "A daemon of FRR ended, and all of FRR is being started again.",
        "Nothing, if it happens once; see FRR's log.");
    public static readonly FindingKind FrrKeepsDying = new("frr-keeps-dying", FindingSeverity.Fault,
        "FRR ends again and again.",
        "See FRR's log, and who kills it (`dmesg` for memory).");
    public static readonly FindingKind FrrHangs = new("frr-hangs", FindingSeverity.Fault,
        "A daemon of FRR lives and does not answer.",
        "Nothing: it is killed after half a minute, and FRR starts again; if it comes back, see FRR's log.");
    public static readonly FindingKind FrrUnread = new("frr-unread", FindingSeverity.Warning,
        "FRR's state cannot be read.",
        "Its text says why.");
    public static readonly FindingKind FrrConfigurationRefused = new("frr-configuration-refused", FindingSeverity.Fault,
        "FRR refuses its configuration and goes on with the last good one.",
        "Correct the template or the neighbour that the text names; `meshover frr check` tries it.");
    public static readonly FindingKind ZebraForeign = new("zebra-foreign", FindingSeverity.Fault,
        "Another zebra runs on this machine: two of them undo each other's routes.",
        "Stop the system's FRR (`systemctl disable --now frr`); see docs/living-with-others.md.");
    public static readonly FindingKind FrrRelease = new("frr-release", FindingSeverity.Warning,
        "This release of FRR is not known to Meshover.",
        "Install a release that it knows.");

    // This machine.
    public static readonly FindingKind DiskFull = new("disk-full", FindingSeverity.Fault,
        "The disk that holds the node's state is full: a new map or credential cannot be kept.",
        "Make room; the node runs on meanwhile.");
    public static readonly FindingKind StateReadOnly = new("state-read-only", FindingSeverity.Fault,
        "The node's state directory is read-only: a new map or credential cannot be kept.",
        "See why the file system was mounted read-only (`dmesg`); the node runs on meanwhile.");
    public static readonly FindingKind StateUnwritable = new("state-unwritable", FindingSeverity.Fault,
        "The node's state cannot be written.",
        "Its text says what the system refused.");
    public static readonly FindingKind AgentSilent = new("agent-silent", FindingSeverity.Fault,
        "The agent does not answer.",
        "`meshover up` starts it; packets flow without it.");
    public static readonly FindingKind SettingsRefused = new("settings-refused", FindingSeverity.Warning,
        "The settings of this node were changed and cannot be used: it goes on by the former ones, and would not start by these.",
        "Correct what its text names, then run `meshover up`.");
    public static readonly FindingKind EndpointsLeftOut = new("endpoints-left-out", FindingSeverity.Notice,
        "This machine has more addresses than are offered as endpoints.",
        "Name those that matter (`endpoints`).");
    public static readonly FindingKind MetricsListener = new("metrics-listener", FindingSeverity.Warning,
        "Metrics are not served, or to more than they should be.",
        "Change `metrics-listen`.");

    public static readonly FindingKind NamesNotServed = new("names-not-served", FindingSeverity.Warning,
        "The names of the mesh are not answered at an address of this node, mostly because another program has the port.",
        "Stop what has the port, let `dns-listen` name other addresses, or turn it off (`dns: false`).");

    public static readonly FindingKind DnsSilent = new("dns-silent", FindingSeverity.Warning,
        "The daemon that answers for the names of the mesh does not run, or hangs: no name resolves here.",
        "`meshover up` starts it; its log says why it ended (/run/meshover/dns.log, or `journalctl -u meshover-dns`). One that hangs is to be killed.");

    // Seen by the controller.
    public static readonly FindingKind NodeLost = new("node-lost", FindingSeverity.Fault,
        "The controller has not heard a node for 105 s.",
        "Look at that machine, or at its way to the controller.");

    /// <summary>In the order of docs/findings.md.</summary>
    public static IReadOnlyList<FindingKind> All { get; } =
    [
        PeerOff, PeerUnreached, UnderlayCut, NoDirectPath, TunnelOneWay, BgpDown, PathMtu, LinkOfNobody, KeyDiffers, ControllerName, ControllerUnreachable,
        ControllerCertificate, ControllerRefused, ClockSkew, NoMap, MapTooOld, MapPartlyUnusable, MapFileDamaged, PlanFailed, CopiedState,
        NodeRemoved, NameTaken, ControllerNotice, AnnouncementNotGranted, GrantUnused, NoPrefixAssigned, PrefixAnnouncedTwice, HostTwice, AnnouncementUnreached,
        AnnouncementCheckFailing, AnnouncementLapsed, NodeDraining,
        RouteShadowed, RouteNotInstalled, NeighborUnusable, NeighborDown, GatheringNotGranted, GatheringUntold, GatheringPartial, GatheringTooMany,
        DataplaneSilent, DataplaneFailed, PortTaken, InterfaceName, UnderlayMtu,
        EngineBuild, KeyChange, KernelRefused, KernelContended, AddressRemoved, RpFilterStrict, ForwardingOff, SysctlReadOnly, RouterAdvertisement,
        Ipv6Off, NftablesMissing, PolicyRule, RulePreference, RoutingTable, UnderlayRoute, AddressPool, FirewallDropsTunnel, FirewallDropsBgp,
        FirewallDropsForwarding, FirewallRpFilter, TransitTranslation, DockerForward, CiliumHostRouting, NetworkManager, RoutingSilent, FrrMissing, FrrEngine, FrrImage, FrrFailed,
        FrrRestarting, FrrKeepsDying, FrrHangs, FrrUnread, FrrConfigurationRefused, ZebraForeign, FrrRelease, DiskFull, StateReadOnly,
        StateUnwritable, AgentSilent, SettingsRefused, EndpointsLeftOut, MetricsListener, NamesNotServed, DnsSilent, NodeLost,
    ];

    private static readonly Dictionary<string, FindingKind> ByCode = All.ToDictionary(kind => kind.Code, StringComparer.Ordinal);

    /// <summary>Null: a code of another release.</summary>
    public static FindingKind? Find(string code) => ByCode.GetValueOrDefault(code);
}
