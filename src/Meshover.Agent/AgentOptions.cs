using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Map;

namespace Meshover.Agent;

/// <summary>The settings of one agent process, parsed and validated before it starts.</summary>
public sealed record AgentOptions
{
    /// <summary>Keeps identity.json and map.pb.</summary>
    public string StateDirectory { get; init; } = "/var/lib/meshover";

    /// <summary>Holds the sockets, pid files and what else a reboot may take.</summary>
    public string RuntimeDirectory { get; init; } = "/run/meshover";

    /// <summary>UDP port of WireGuard.</summary>
    public int ListenPort { get; init; } = 12912;

    /// <summary>Prefixes this node originates beside its two addresses; host bits zero.</summary>
    public ImmutableArray<IPNetwork> Announce { get; init; } = [];

    /// <summary>False holds <see cref="Announce"/> back; the node's own addresses are always announced.</summary>
    public bool Advertise { get; init; } = true;

    /// <summary>Interfaces that may carry the underlay; empty: all that are not ours, a bridge's or a container's.</summary>
    public ImmutableArray<string> UnderlayInterfaces { get; init; } = [];

    /// <summary>Endpoints the operator knows of (a forwarded port), beside what is found.</summary>
    public ImmutableArray<IPEndPoint> Endpoints { get; init; } = [];

    /// <summary>Free text that groups the nodes of one place.</summary>
    public string Site { get; init; } = "";

    public TransitRole Transit { get; init; } = TransitRole.Auto;

    /// <summary>False leaves the data plane out: no WireGuard, no links.</summary>
    public bool Dataplane { get; init; } = true;

    /// <summary>False leaves FRR out.</summary>
    public bool Routing { get; init; } = true;

    /// <summary>MTU of the underlay in bytes; 0 follows the interfaces.</summary>
    public int UnderlayMtu { get; init; }

    /// <summary>The user's own FRR templates, which replace or extend the embedded ones; null: none.</summary>
    public string? TemplateDirectory { get; init; }

    /// <summary>How old the map may be before the node leaves the mesh by itself; null: it never does.</summary>
    public TimeSpan? MaxMapAge { get; init; }

    /// <summary><c>host:port</c> each; used instead of those of the identity and the map where not empty.</summary>
    public ImmutableArray<string> Controllers { get; init; } = [];
}
