using System.Collections.Immutable;
using System.Net;
using Meshover.Cli.Doctor.Firewall;
using Meshover.Linux.Files;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;

namespace Meshover.Cli.Doctor;

/// <summary>All that the checks look at, seen at one moment.</summary>
internal sealed record MachineFacts
{
    public required NodeFacts Node { get; init; }
    public required IReadOnlyList<LinkInfo> Links { get; init; }
    public required IReadOnlyList<AddressInfo> Addresses { get; init; }

    /// <summary>Of every table, without BGP's.</summary>
    public required IReadOnlyList<RouteInfo> Routes { get; init; }

    /// <summary>In the order of their preference.</summary>
    public required IReadOnlyList<RuleInfo> Rules { get; init; }

    /// <summary>All of nftables, with what iptables-nft made; empty where the kernel has none.</summary>
    public Ruleset Firewall { get; init; } = Ruleset.Empty;

    /// <summary>Docker's chain, where it is kept by the old iptables, which nftables does not show.</summary>
    public ImmutableArray<LegacyDocker> LegacyDocker { get; init; } = [];

    /// <summary>Whether Cilium forwards by BPF, past the kernel's own forwarding; null: it does not say.</summary>
    public bool? CiliumRoutesByBpf { get; init; }

    /// <summary>Ports of ours that somebody else has.</summary>
    public ImmutableArray<PortInUse> PortsInUse { get; init; } = [];

    /// <summary>Why this machine's release of FRR may not do; null where it does, is not there, or is not wanted.</summary>
    public string? FrrDoubt { get; init; }

    /// <summary>A zebra that is not ours, and what to do about it; null: there is none, or FRR is not wanted.</summary>
    public string? OtherZebra { get; init; }

    /// <summary>Why nft cannot be run; null: it can.</summary>
    public string? NftMissing { get; init; }

    /// <summary>Of the directory of the node's state.</summary>
    public DirectoryRoom StateRoom { get; init; }

    /// <summary>net.ipv4.conf.all.rp_filter.</summary>
    public int ReversePathFilterAll { get; init; }

    /// <summary>net.ipv4.conf.all.forwarding.</summary>
    public bool ForwardsIpv4 { get; init; } = true;

    /// <summary>/proc/sys is read-only, as in a container.</summary>
    public bool AreSysctlsReadOnly { get; init; }

    /// <summary>net.ipv6.conf.all.forwarding.</summary>
    public bool ForwardsIpv6 { get; init; }

    /// <summary>net.ipv6.conf.all.disable_ipv6; null: the kernel runs without IPv6.</summary>
    public bool? DisablesIpv6 { get; init; } = false;

    /// <summary>The managers that run on this machine and have not been told yet to leave our devices alone.</summary>
    public ImmutableArray<Snippet> SnippetsMissing { get; init; } = [];

    /// <summary>What our engine is; null where none runs, or it does not say.</summary>
    public BuildInfo? EngineBuild { get; init; }

    /// <summary>The interface of a default route, else of another route that is not ours; null where there is none.</summary>
    public string? Underlay => DefaultRoutes
        .Concat(Routes.Where(r => r is { Table: RouteInfo.MainTable, Kind: RouteKind.Unicast } && r.Protocol != Node.Settings.RouteProtocol))
        .SelectMany(LinksOf)
        .Where(link => !IsOurs(link))
        .Select(LinkName)
        .FirstOrDefault();

    /// <summary>Of the main table, without ours: a link's own may have come by its neighbour's router advertisement.</summary>
    public IEnumerable<RouteInfo> DefaultRoutes =>
        Routes.Where(r => r is { Table: RouteInfo.MainTable, Kind: RouteKind.Unicast, Destination.PrefixLength: 0 }
            && r.Protocol != Node.Settings.RouteProtocol && !LinksOf(r).All(IsOurs));

    public static IEnumerable<int> LinksOf(RouteInfo route) => route.NextHops.IsEmpty ? [route.OutputLink] : route.NextHops.Select(hop => hop.OutputLink);

    public string LinkName(int index) => Links.FirstOrDefault(link => link.Index == index)?.Name ?? $"#{index}";

    public bool IsOurs(int linkIndex) => OwnDevices.IsName(LinkName(linkIndex));
}

/// <summary>What this node is, or is going to be.</summary>
internal sealed record NodeFacts
{
    /// <summary>The numbers and names of ours.</summary>
    public NodeSettings Settings { get; init; } = new();

    /// <summary>The agent runs: what it keeps right may be held against it.</summary>
    public bool IsUp { get; init; }

    /// <summary>TCP port of BGP inside the mesh.</summary>
    public int BgpPort { get; init; } = 12914;

    /// <summary>The mesh's own prefixes, each with its name.</summary>
    public required ImmutableArray<(string Name, IPNetwork Pool)> Pools { get; init; }

    /// <summary>False: no map has come yet, and the pools are those that a mesh has by default.</summary>
    public bool KnowsMesh { get; init; }
}

/// <summary>Docker's <c>DOCKER-USER</c> in the old iptables.</summary>
/// <param name="Program">Such as <c>iptables-legacy</c>.</param>
/// <param name="DropsForwarding">The policy of FORWARD.</param>
/// <param name="HasOurRules">Our tagged rules are in it.</param>
internal sealed record LegacyDocker(string Program, bool DropsForwarding, bool HasOurRules);

/// <summary>A port that we need and somebody else has.</summary>
/// <param name="Problem">Which.</param>
/// <param name="Breaks">What it is needed for.</param>
/// <param name="Mend">What to do.</param>
internal sealed record PortInUse(string Problem, string Breaks, string Mend);
