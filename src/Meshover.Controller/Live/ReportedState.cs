using System.Collections.Immutable;
using System.Net;
using Meshover.Controller.State;
using Meshover.Mesh.Map;

namespace Meshover.Controller.Live;

/// <summary>What a node says of itself and its peers. Status messages carry changes only: a null member there keeps what is here.</summary>
internal sealed record ReportedState
{
    public static readonly ReportedState Nothing = new();

    /// <summary>What the node itself can tell: configured ones and its interfaces'.</summary>
    public ImmutableArray<EndpointRecord> Endpoints { get; init; } = [];

    /// <summary>UDP port of its WireGuard.</summary>
    public int ListenPort { get; init; }

    /// <summary>Its addresses that are no endpoints: temporary ones, say. Its stream may come from them.</summary>
    public ImmutableArray<IPAddress> OtherAddresses { get; init; } = [];

    /// <summary>Where it sees its peers, as far as the map does not say so.</summary>
    public ImmutableDictionary<uint, IPEndPoint> Observed { get; init; } = ImmutableDictionary<uint, IPEndPoint>.Empty;

    /// <summary>How many peers it has a direct, working session with.</summary>
    public int LinksUp { get; init; }
    public ImmutableArray<IPNetwork> Announced { get; init; } = [];

    /// <summary>Hosts that live there although another node, whose announcement comes first, has them, too.</summary>
    public ImmutableArray<IPNetwork> Twice { get; init; } = [];

    /// <summary>Of what it announces, what other nodes announce by design.</summary>
    public ImmutableArray<IPNetwork> Shared { get; init; } = [];

    /// <summary>It is to be left.</summary>
    public bool IsDraining { get; init; }
    public string Site { get; init; } = "";
    public TransitRole Transit { get; init; } = TransitRole.Auto;

    /// <summary>Bytes; 0: it does not tell.</summary>
    public int UnderlayMtu { get; init; }

    /// <summary>Null: nothing.</summary>
    public GatherRecord? Gathers { get; init; }
}
