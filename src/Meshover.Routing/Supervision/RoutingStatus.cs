using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Meshover.Routing.Supervision;

/// <summary>How FRR is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RoutingState>))]
public enum RoutingState
{
    /// <summary>No configuration yet: nothing runs.</summary>
    Waiting,

    /// <summary>Daemons are being started, first or after a crash.</summary>
    Starting,
    Running,

    /// <summary>FRR cannot run; the reasons are in <see cref="RoutingStatus.Errors"/>. Tried again by itself.</summary>
    Failed,

    /// <summary>Stopped by <see cref="RoutingClient.StopAsync"/>.</summary>
    Stopped,
}

/// <summary>What <c>meshover routing</c> says of itself and of FRR.</summary>
public sealed record RoutingStatus
{
    public required RoutingState State { get; init; }

    /// <summary>Such as <c>8.4.4</c>; null where FRR is not installed, or does not say it.</summary>
    public string? FrrVersion { get; init; }

    /// <summary>One sentence each: what failed, why, what to do.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];

    /// <summary>Those of the errors, and more, that have a code. Empty from a daemon that does not say it.</summary>
    public ImmutableArray<CodedFault> Findings { get => field.IsDefault ? [] : field; init; } = [];
    public ImmutableArray<NeighborStatus> Neighbors { get; init; } = [];

    /// <summary>FRR runs and did not answer this time: that there are no neighbours here says nothing. False from a daemon that does not say it.</summary>
    public bool IsUnread { get; init; }

    /// <summary>TCP segments with another MD5 signature than ours that came to this machine since its start; of whom the kernel does not say.</summary>
    public long WrongSignatures { get; init; }
    public ImmutableArray<FrrDaemonStatus> Daemons { get; init; } = [];

    /// <summary>Routes of the mesh that are not used; at most ten of each family. Empty from a daemon that does not say it.</summary>
    public ImmutableArray<RouteConflict> Conflicts { get => field.IsDefault ? [] : field; init; } = [];

    /// <summary>How often all of FRR was started again after one of its daemons died.</summary>
    public int Restarts { get; init; }
}

/// <summary>Something that is wrong with FRR.</summary>
/// <param name="Code">Of <see cref="Meshover.Mesh.Findings.FindingKinds"/>; one of a newer release may be unknown.</param>
/// <param name="Subject">A daemon, a port or a prefix; may be empty.</param>
/// <param name="Text">One sentence.</param>
public sealed record CodedFault(string Code, string Subject, string Text);

/// <summary>One BGP neighbour.</summary>
public sealed record NeighborStatus
{
    /// <summary>The link; of one outside the mesh, its address or interface.</summary>
    public required string Interface { get; init; }

    /// <summary>FRR's own word: Established, Active, Connect, Idle, OpenSent, OpenConfirm.</summary>
    public required string BgpState { get; init; }

    /// <summary>Accepted, IPv4 and IPv6 together.</summary>
    public required int PrefixesReceived { get; init; }

    /// <summary>Told to it, IPv4 and IPv6 together.</summary>
    public int PrefixesSent { get; init; }

    /// <summary>Of one outside the mesh: why it has no session, in FRR's words; empty where it has one, or FRR does not say.</summary>
    public string LastError { get; init; } = "";

    /// <summary>Time since Established, or since the session was lost.</summary>
    public required long UptimeMs { get; init; }
    public required bool BfdUp { get; init; }

    /// <summary>As status shows it: up or down. It comes up a second or two after BGP (RFC 5880, 6.8.3: a packet a second until then).</summary>
    [JsonIgnore]
    public string BfdState => BfdUp ? "up" : "down";
}

/// <summary>One process of FRR.</summary>
public sealed record FrrDaemonStatus(string Name, int Pid);
