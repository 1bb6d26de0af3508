using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Agent.Reporting;

/// <summary>All that this node tells the controller of itself; compared with what was told last, and only changes are sent.</summary>
internal sealed record NodeReport
{
    public required string HostName { get; init; }
    public required int ListenPort { get; init; }

    /// <summary>WireGuard's, the preferred first; two while the node changes its key.</summary>
    public required ImmutableArray<WireGuardPublicKey> PublicKeys { get; init; }
    public required string Site { get; init; }
    public required TransitRole Transit { get; init; }

    /// <summary>In bytes; 0: not known yet.</summary>
    public int UnderlayMtu { get; init; }
    /// <summary>What it wants to gather.</summary>
    public GatherClaims Gathers { get; init; } = GatherClaims.None;
    public ImmutableArray<EndpointCandidate> Endpoints { get; init; } = [];
    public ImmutableArray<IPNetwork> Announced { get; init; } = [];

    /// <summary>Hosts that live here and at another node, which comes first.</summary>
    public ImmutableArray<IPNetwork> Twice { get; init; } = [];

    /// <summary>Of what is announced, what other nodes announce by design.</summary>
    public ImmutableArray<IPNetwork> Shared { get; init; } = [];

    /// <summary>Lengths of the prefixes that it wishes to have of its own.</summary>
    public ImmutableArray<int> WishedPrefixes { get; init; } = [];

    /// <summary>The node is to be left, and traffic has moved away from it.</summary>
    public bool IsDraining { get; init; }

    /// <summary>Addresses of this machine that are no endpoints; a connection may come from them.</summary>
    public ImmutableArray<IPAddress> OtherAddresses { get; init; } = [];

    /// <summary>Where peers are that were heard just now and are not where the map says, ordered by id.</summary>
    public ImmutableArray<ObservedPeer> Observed { get; init; } = [];

    /// <summary>Renewed each 30 s; counters would otherwise make every report a change.</summary>
    public ReportSummary? Summary { get; init; }
}

internal readonly record struct ObservedPeer(NodeId Node, IPEndPoint EndPoint);

