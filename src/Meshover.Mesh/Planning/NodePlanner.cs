using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Paths;

namespace Meshover.Mesh.Planning;

/// <summary>What one node must be, given the mesh. Pure: the same inputs give the same plan.</summary>
public static class NodePlanner
{
    /// <summary>Seconds; shorter than the UDP timeout of common NATs (30 s and more).</summary>
    private const int KeepaliveBehindNat = 25;

    /// <summary>Seconds, where no BFD flows: silence must still be seen (<see cref="EndpointChooser.WorkingFor"/>).</summary>
    private const int KeepaliveWithoutBfd = 10;

    /// <exception cref="ArgumentException">The map does not know <paramref name="self"/>.</exception>
    public static NodePlan Plan(MeshMap map, NodeId self, NodeSettings settings, NodeCapabilities capabilities, NodeHealth health)
    {
        if (!map.Nodes.TryGetValue(self, out var me))
            throw new ArgumentException($"The map of revision {map.Revision} has no node {self}.", nameof(self));
        ImmutableArray<MeshNode> peers = settings.Dataplane && !health.IsMapTooOld ? [.. map.Nodes.Values.Where(node => node.Id != self)] : [];
        var underlay = UnderlayMtu(settings, health);
        var mtu = LinkMtu.For(underlay);
        return new NodePlan
        {
            Self = self,
            WireGuard = PlanWireGuard(map.Settings, me, peers, settings, health, mtu),
            Links = [.. peers.Select(peer => PlanLink(me, peer, underlay))],
            Kernel = PlanKernel(map, me, settings, capabilities, health),
            Routing = settings.Routing ? PlanRouting(map, me, peers, settings, health) : null,
            Warnings = Warn(map, me, settings, capabilities, health, mtu),
        };
    }

    private static WireGuardPlan PlanWireGuard(
        MeshSettings mesh, MeshNode me, ImmutableArray<MeshNode> peers, NodeSettings settings, NodeHealth health, LinkMtu mtu) => new()
        {
            Interface = settings.Interface,
            ListenPort = settings.ListenPort,
            FirewallMark = settings.FirewallMark,
            Mtu = mtu.WireGuard,
            ProbesPathMtu = settings.ProbePathMtu,
            Routes = health.Routes,
            Preferred = settings.PreferredUnderlay,
            Peers = [.. peers.Select(peer => new WireGuardPeerPlan
        {
            Node = peer.Id,
            PublicKey = peer.WireGuardKeys[0],
            OtherKey = peer.WireGuardKeys is [_, var other, ..] ? other : null,
            TunnelAddress = peer.TunnelAddress,
            Endpoints = EndpointOrder.Usable(mesh, me, peer, health, settings.PreferredUnderlay),
            CallsFirst = EndpointChooser.IsInitiator(me.Id.Value, me.IsBehindNat, peer.Id.Value, peer.IsBehindNat),
            PersistentKeepalive = Keepalive(me, peer, settings),
        })],
        };

    private static int UnderlayMtu(NodeSettings settings, NodeHealth health) =>
        settings.UnderlayMtu > 0 ? settings.UnderlayMtu : health.UnderlayMtu;

    private static int Keepalive(MeshNode me, MeshNode peer, NodeSettings settings)
    {
        if (!settings.Routing)
            return KeepaliveWithoutBfd;
        return me.IsBehindNat || peer.IsBehindNat || me.Endpoints.IsEmpty ? KeepaliveBehindNat : 0;
    }

    /// <summary>What one end sends in one piece, the other must be able to take: the smaller of the two counts. An older peer does not tell.</summary>
    private static LinkPlan PlanLink(MeshNode me, MeshNode peer, int underlay) => new()
    {
        Peer = peer.Id,
        Name = peer.Id.LinkName,
        Alias = peer.HostName,
        Mtu = LinkMtu.For(peer.UnderlayMtu > 0 ? Math.Min(underlay, peer.UnderlayMtu) : underlay).Link,
        LocalTunnel = me.TunnelAddress,
        RemoteTunnel = peer.TunnelAddress,
        LinkLocal = me.Id.LinkLocal,
    };

    private static KernelPlan PlanKernel(MeshMap map, MeshNode me, NodeSettings settings, NodeCapabilities capabilities, NodeHealth health) => new()
    {
        Address4 = me.Address4,
        Address6 = me.Address6,
        Further = [.. me.FurtherAddresses.Select(further => further.Address)],
        LoopbackInterface = settings.LoopbackInterface,
        TunnelAddress = me.TunnelAddress,
        TunnelPool = map.Settings.TunnelPool,
        Unreachable = UnreachablePrefixes.Of(map, Reached(settings, health)),
        FirewallMark = settings.FirewallMark,
        FirewallMask = settings.FirewallMask,
        UnderlayTable = settings.UnderlayTable,
        RouteProtocol = settings.RouteProtocol,
        Forwarding = true,
        Firewall = capabilities.Nftables,
        FrrUser = capabilities.FrrUser,
        Workloads = [.. settings.Workloads.Where(network => network.Hosts).Select(network => network.Interface)],
        DockerUser = settings.DockerUser,
        Floating = settings.Advertise ? [.. settings.Announce.Where(announcement => announcement.HoldsAddress).Select(announcement => announcement.Prefix.BaseAddress)] : [],
        Gathering = GatheringPlanner.Plan(map, me, settings, health),
        Masquerade = MasqueradePlan.For(map, settings.Masquerade),
        Bgp = settings.Routing ? BgpGuard.For(map.Settings.BgpPort, ExternalNeighbors.Usable(map, me, settings)) : null,
    };

    private static RoutingModel PlanRouting(MeshMap map, MeshNode me, ImmutableArray<MeshNode> peers, NodeSettings settings, NodeHealth health) => new()
    {
        HostName = me.HostName,
        Asn = me.Asn,
        RouterId = me.Address4,
        Source4 = me.Address4,
        Source6 = me.Address6,
        BgpPort = map.Settings.BgpPort,
        IsTransit = me.IsTransit,
        MaxMeshHops = map.Settings.MaxMeshHops,
        Pool4 = map.Settings.Pool4,
        Pool6 = map.Settings.Pool6,
        TunnelPool = map.Settings.TunnelPool,
        Networks = Originated(me, settings, health),
        FailoverPriorities = [.. settings.Announce.Select(announcement => announcement.Failover?.Priority).OfType<int>().Distinct().Order()],
        IsDraining = settings.IsDraining,
        HasHosts = settings.Workloads.Any(network => network.Hosts),
        Grants = [.. map.Nodes.Values.SelectMany(node => Taken(node, settings).Select(grant => new OriginGrant(node.Asn, grant)))],
        Resting = [.. map.Nodes.Values.SelectMany(node => node.RestingAddresses).Distinct().Select(Prefixes.Host)],
        Neighbors = [.. peers.Select(peer => PlanNeighbor(peer, settings, health))],
        ExternalNeighbors = ExternalNeighbors.Usable(map, me, settings),
        Learnable = settings.Neighbors.IsEmpty ? [] : ExternalNeighbors.Learnable(map, me),
        Bfd = BfdTimers.For(peers.Length, settings.BfdPacketsPerSecond),
    };

    /// <summary>Its addresses, and of what it announces what it reaches and nobody withdraws.</summary>
    private static ImmutableArray<Announcement> Originated(MeshNode me, NodeSettings settings, NodeHealth health)
    {
        var reached = Reached(settings, health).Where(reach => !reach.IsLost).Select(reach => reach.Prefix).ToHashSet();
        var announced = settings.Announce.Where(announcement => !announcement.IsWithdrawn && reached.Contains(announcement.Prefix));
        return [.. Own(me).Select(grant => new Announcement(grant.Prefix)).Concat(announced).DistinctBy(announcement => announcement.Prefix)];
    }

    /// <summary>What this node brings into the mesh. Of a prefix that nobody looked at it is believed that the default route leads there.</summary>
    private static ImmutableArray<AnnouncedReach> Reached(NodeSettings settings, NodeHealth health)
    {
        if (!settings.Advertise)
            return [];
        var known = health.Announced.ToDictionary(reach => reach.Prefix);
        return [.. settings.Announce.Select(announcement => announcement.Prefix)
            .Select(prefix => known.TryGetValue(prefix, out var reach) ? reach : new AnnouncedReach(prefix, 0, "", IsLost: false))];
    }

    /// <summary>
    /// What the node may originate, as far as this one takes it. A grant that begins with the default route and allows longer prefixes
    /// is cut in two halves: they allow all of it but the default route.
    /// </summary>
    private static IEnumerable<RouteGrant> Taken(MeshNode node, NodeSettings settings) =>
        (settings.AcceptDefault ? node.Grants : node.Grants.SelectMany(WithoutDefault)).Select(grant => grant with { Name = null });

    private static IEnumerable<RouteGrant> WithoutDefault(RouteGrant grant) => grant switch
    {
        { Prefix.PrefixLength: > 0 } => [grant],
        { MaxLength: 0 } => [],
        _ => Prefixes.Halves(grant.Prefix).Select(half => new RouteGrant(half, grant.MaxLength)),
    };

    private static NeighborModel PlanNeighbor(MeshNode peer, NodeSettings settings, NodeHealth health) =>
        PlanNeighbor(peer, settings, health.Links.GetValueOrDefault(peer.Id));

    private static NeighborModel PlanNeighbor(MeshNode peer, NodeSettings settings, LinkQuality quality) => new()
    {
        Node = peer.Id,
        HostName = peer.HostName,
        Interface = peer.Id.LinkName,
        Asn = peer.Asn,
        IsTransit = peer.IsTransit,
        MayOriginate = [.. Own(peer), .. Taken(peer, settings)],
        Cost = LinkCost.Base + (settings.MeasuredCost ? quality.Cost : 0) + AddedCost.For(peer, settings.LinkCosts),
        BfdProfile = BfdChoice.For(peer, settings.BfdProfiles) ?? quality.Bfd,
    };

    private static IEnumerable<RouteGrant> Own(MeshNode node) => node.NodeAddresses.Select(address => new RouteGrant(Prefixes.Host(address)));

    private static ImmutableArray<Finding> Warn(MeshMap map, MeshNode me, NodeSettings settings, NodeCapabilities capabilities, NodeHealth health, LinkMtu mtu)
    {
        var warnings = ImmutableArray.CreateBuilder<Finding>();
        if (mtu.Fragments)
        {
            warnings.Add(new Finding(FindingKinds.UnderlayMtu, "", $"The underlay's MTU of {UnderlayMtu(settings, health)} is too small for links of {mtu.Link}: outer packets are "
                + "fragmented, which is slow. Raise the underlay's MTU."));
        }
        if (!capabilities.Nftables)
        {
            warnings.Add(new Finding(FindingKinds.NftablesMissing, "", "This kernel has no nftables: forged tunnel addresses are not dropped, and TCP segments are not made to fit the links. "
                + "Load the module nf_tables and restart the agent."));
        }
        foreach (var lost in Reached(settings, health).Where(reach => reach.IsLost))
        {
            warnings.Add(new Finding(FindingKinds.AnnouncementUnreached, $"{lost.Prefix}", $"{lost.Prefix} is announced, but this machine no longer has a route to it"
                + $"{(lost.DownInterface.Length > 0 ? $", as {lost.DownInterface} is down" : "")}: it is withdrawn until there is one, and packets to it are refused."));
        }
        foreach (var prefix in NotGranted(me, settings))
        {
            warnings.Add(new Finding(FindingKinds.AnnouncementNotGranted, $"{prefix}", $"{prefix} is announced but not granted: other nodes refuse it. An administrator grants it with "
                + $"`meshover grant add {me.HostName} {prefix}`."));
        }
        foreach (var name in LinksOfNobody(map, me, settings))
            warnings.Add(new Finding(FindingKinds.LinkOfNobody, name, $"The settings of links name {name}, which the mesh does not have: they do nothing. Correct the name, or let the node join."));
        warnings.AddRange(GatheringPlanner.Warnings(map, me, settings, health));
        warnings.AddRange(ExternalNeighbors.Warnings(map, me, settings));
        return warnings.ToImmutable();
    }

    /// <summary>What settings of links call a node or a site, and is none of another node.</summary>
    private static IEnumerable<string> LinksOfNobody(MeshMap map, MeshNode me, NodeSettings settings)
    {
        var named = settings.LinkCosts.Select(one => (one.HostName, one.Site)).Concat(settings.BfdProfiles.Select(one => (one.HostName, one.Site))).Distinct().ToList();
        var others = named.Count == 0 ? [] : map.Nodes.Values.Where(node => node.Id != me.Id).ToList();
        return named.Where(one => one.HostName.Length > 0 ? !others.Exists(node => node.HostName == one.HostName) : one.Site.Length > 0 && !others.Exists(node => node.Site == one.Site))
            .Select(one => one.HostName.Length > 0 ? one.HostName : $"site:{one.Site}");
    }

    /// <summary>What the node is set to announce and no grant covers.</summary>
    public static IEnumerable<IPNetwork> NotGranted(MeshNode me, NodeSettings settings) =>
        (settings.Advertise ? settings.Announce : []).Select(announcement => announcement.Prefix).Where(prefix => !me.Grants.Any(grant => grant.Covers(prefix)));
}
