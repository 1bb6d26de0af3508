using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Meshover.Controller.Live;

/// <summary>
/// How a node says that it stands. A null is not known: an agent of a former release does not say it. All but what is said of single links outlives the controller
/// (<see cref="LastKnown"/>): members are only ever added.
/// </summary>
internal sealed record HealthReport
{
    /// <summary>Of <see cref="Findings"/>: all codes together that this release does not know.</summary>
    public const string UnknownFinding = "other";

    /// <summary>When it said so, by this controller's clock.</summary>
    public required DateTimeOffset At { get; init; }
    public int Peers { get; init; }

    /// <summary>Heard of directly.</summary>
    public int PeersHeard { get; init; }
    public int? BgpEstablished { get; init; }

    /// <summary>Prefixes accepted from peers.</summary>
    public int? Accepted { get; init; }

    /// <summary>UDP payload; null: its data plane was not seen yet.</summary>
    public ulong? RxBytes { get; init; }
    public ulong? TxBytes { get; init; }

    public ComponentStates? Components { get; init; }

    /// <summary>Prefixes that it announces and was granted.</summary>
    public int? Announced { get; init; }

    /// <summary>That it announces and was not granted.</summary>
    public int? Refused { get; init; }

    /// <summary>Links that are not up, by reason, all of them.</summary>
    public LinkTally? NotUp { get; init; }

    /// <summary>The links that are not up, as far as they are listed.</summary>
    [JsonIgnore]
    public ImmutableDictionary<uint, LinkReason>? Exceptions { get; init; }

    /// <summary>How many are not listed: with any, one that is not among the exceptions need not be up.</summary>
    [JsonIgnore]
    public int Unlisted { get; init; }

    /// <summary>Of each link, in a small mesh; by node.</summary>
    [JsonIgnore]
    public ImmutableDictionary<uint, LinkFigure> Figures { get; init; } = ImmutableDictionary<uint, LinkFigure>.Empty;

    /// <summary>Mean round trip of its links; null: not known.</summary>
    public TimeSpan? Rtt { get; init; }

    /// <summary>Echoes to peers that had answered lately, since its agent's start, and those of them that were lost.</summary>
    public ulong Echoes { get; init; }
    public ulong EchoesLost { get; init; }

    /// <summary>How old what it says of links and bytes was then, and of BGP.</summary>
    public TimeSpan? DataplaneAge { get; init; }
    public TimeSpan? RoutingAge { get; init; }

    /// <summary>What it finds wrong, by code, and of how many subjects; null: its agent does not say it.</summary>
    public ImmutableSortedDictionary<string, int>? Findings { get; init; }

    /// <summary>It has peers, and its data plane hears none of them.</summary>
    [JsonIgnore]
    public bool IsDeaf => this is { Peers: > 0, PeersHeard: 0, NotUp: not null, Components.Dataplane: not ComponentState.Off };

    [JsonIgnore]
    public int? LinksUp => NotUp is { } down ? Math.Max(0, Peers - down.Total) : null;

    /// <summary>What it says of its link with a node of the map; null: nothing.</summary>
    public LinkReason? LinkWith(uint node) =>
        Exceptions is not { } exceptions ? null
        : exceptions.TryGetValue(node, out var reason) ? reason
        : Unlisted == 0 ? LinkReason.None : null;
}

/// <summary>How a component of a node stands; the numbers are those of the contract.</summary>
internal enum ComponentState
{
    Unknown = 0,
    Ok = 1,
    Starting = 2,
    Degraded = 3,
    Failed = 4,

    /// <summary>The operator wants none.</summary>
    Off = 5,
}

internal sealed record ComponentStates(ComponentState Dataplane, ComponentState Routing, ComponentState Kernel)
{
    public bool Any(params ReadOnlySpan<ComponentState> states) => states.Contains(Dataplane) || states.Contains(Routing) || states.Contains(Kernel);
}

/// <summary>Why a link is not up; the numbers are those of the contract, and one that this release does not know is <see cref="Other"/>.</summary>
internal enum LinkReason
{
    None = 0,
    NoAnswer = 1,
    NoSession = 2,
    NoDirectPath = 3,
    Other = 4,
}

/// <summary>How many links are not up, by reason.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LinkTally(int NoAnswer, int NoSession, int NoDirectPath)
{
    [JsonIgnore]
    public int Total => NoAnswer + NoSession + NoDirectPath;
}

/// <param name="Rtt">Null: not known.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LinkFigure(TimeSpan? Rtt, ulong RxBytes, ulong TxBytes)
{
    /// <summary>Bytes; 0: not known.</summary>
    public int Mtu { get; init; }

    /// <summary>4 or 6, by which the node calls the other; 0: not known.</summary>
    public int Family { get; init; }
}
