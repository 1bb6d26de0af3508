using System.Collections.Immutable;
using System.Net;

namespace Meshover.Controller.Live;

/// <summary>The moving part of one node, at one moment. Immutable.</summary>
internal sealed record LiveNode
{
    public static readonly LiveNode Unheard = new();

    // A copy that was shut down is soon no news any more.
    private static readonly TimeSpan CopyRemembered = TimeSpan.FromMinutes(10);

    public InstanceHistory History { get; init; } = InstanceHistory.None;

    /// <summary>Its streams, the newest last.</summary>
    public ImmutableArray<NodeSession> Sessions { get; init; } = [];

    /// <summary>What it last said.</summary>
    public ReportedState Report { get; init; } = ReportedState.Nothing;

    /// <summary>Where its newest stream comes from.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>When it last said something, or its last stream ended.</summary>
    public DateTimeOffset LastSeen { get; init; }

    /// <summary>When it last said something, by the <see cref="AttentiveClock"/>; null: never.</summary>
    public TimeSpan? HeardAt { get; init; }

    /// <summary>How it last said that it stands; null: it never did.</summary>
    public HealthReport? Health { get; init; }

    /// <summary>Of the agent that connected last; empty: none did.</summary>
    public string LastVersion { get; init; } = "";

    /// <summary>How it was judged last, and since when; null: it was not yet. Of one that was not heard since the controller's start: before that.</summary>
    public Judgement? Judged { get; init; }

    /// <summary>It was not heard since the controller's start: what is known of it is from before.</summary>
    public bool IsLastKnown => HeardAt is null && Judged is not null;

    /// <summary>How it was judged is from before the controller's start, and it has not said how it stands since: so it is not judged unknown, and since when it stands so is not forgotten.</summary>
    public bool IsRecalled { get; init; }

    /// <summary>How many streams it has opened: each begins without what was said on the one before.</summary>
    public long Opened { get; init; }

    /// <summary>When two machines were last found to use its identity, however long ago; null: never.</summary>
    public DateTimeOffset? CopyFound { get; init; }

    public bool IsOnline => Sessions.Length > 0;

    /// <summary>Of its agent; empty while it is not connected.</summary>
    public string Version => IsOnline ? Sessions[^1].Version : "";

    /// <summary>Where its streams come from.</summary>
    public IEnumerable<string> Places => Sessions.Select(session => session.Source?.ToString() ?? "this machine");

    /// <summary>What of the report's observations is counted among the places where others are seen: all while it has a stream, else none.</summary>
    public ImmutableDictionary<uint, IPEndPoint> Counted => IsOnline ? Report.Observed : ImmutableDictionary<uint, IPEndPoint>.Empty;

    /// <summary>When two machines were last found to use its identity, where that is still to be told.</summary>
    public DateTimeOffset? Copied(DateTimeOffset now) =>
        CopyFound is { } when && (now - when <= CopyRemembered || Sessions.DistinctBy(session => session.Instance).Count() > 1) ? when : null;
}
