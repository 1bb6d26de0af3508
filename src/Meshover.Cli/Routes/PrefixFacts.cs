using System.Collections.Immutable;
using System.Net;
using Meshover.Contract.V1;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Identity;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Routes;

/// <summary>What is known on this node of a prefix and of what overlaps it.</summary>
internal sealed record PrefixFacts
{
    private const string Established = "Established";

    public required IPNetwork Asked { get; init; }

    /// <summary>Who is granted what.</summary>
    public required MeshSnapshot Map { get; init; }

    /// <summary>Of this node: its peers, and what it announces on which conditions.</summary>
    public required AgentStatus Status { get; init; }

    /// <summary>That bgpd accepted.</summary>
    public ImmutableArray<AnnouncedPath> Paths { get; init; } = [];

    /// <summary>The prefixes of which bgpd said that: of others it is not known.</summary>
    public ImmutableHashSet<IPNetwork> PathsOf { get; init; } = [];

    /// <summary>To the own addresses of the neighbours by which those came, and of those who announced them: what the links on the way cost.</summary>
    public ImmutableArray<AnnouncedPath> ToNodes { get; init; } = [];

    /// <summary>That its filters refuse.</summary>
    public ImmutableArray<RefusedPath> Refused { get; init; } = [];

    /// <summary>The links of which bgpd said that.</summary>
    public ImmutableHashSet<string> RefusedOf { get; init; } = [];

    /// <summary>Peers with a session, by which announcements come.</summary>
    public IEnumerable<PeerStatus> Speakers => Status.Peers.Where(peer => peer.BgpState == Established && NodeId.IsLinkName(peer.Link));

    /// <summary>What this node announces for as long as its agent renews its lease.</summary>
    public ImmutableArray<string> Leased { get; init; } = [];
    public ImmutableArray<KernelRoute> Kernel { get; init; } = [];

    /// <summary>What could not be asked, and why; a sentence each.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}

/// <summary>A route that the kernel holds.</summary>
/// <param name="By">Interfaces, with the peer at the other end of a link; none of a route that refuses.</param>
internal sealed record KernelRoute(IPNetwork Prefix, RouteKind Kind, byte Protocol, uint Table, uint Metric, ImmutableArray<string> By);
