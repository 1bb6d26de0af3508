using System.Collections.Immutable;
using System.Net;

namespace Meshover.Controller.Live;

/// <summary>The moving part of one node; guarded by <see cref="LiveNodes"/>'s lock.</summary>
internal sealed class LiveNode
{
    // A copy that was shut down is soon no news any more.
    private static readonly TimeSpan CopyRemembered = TimeSpan.FromMinutes(10);

    public InstanceHistory History { get; } = new();
    public List<NodeSession> Sessions { get; } = [];
    public NodeReport Report { get; set; } = NodeReport.Nothing;

    /// <summary>What of the report's observations is counted among the places where others are seen: all while it has a stream, else none.</summary>
    public ImmutableDictionary<uint, IPEndPoint> Counted => Sessions.Count > 0 ? Report.Observed : ImmutableDictionary<uint, IPEndPoint>.Empty;

    public IPAddress? Source { get; set; }
    public DateTimeOffset LastSeen { get; set; }

    /// <summary>How many streams it has opened.</summary>
    public long Opened { get; set; }

    /// <summary>When two machines were last found to use this node's identity.</summary>
    public DateTimeOffset? Copied { get; set; }

    public void ForgetOldCopy(DateTimeOffset now)
    {
        if (Copied is { } when && now - when > CopyRemembered && Sessions.DistinctBy(session => session.Instance).Count() < 2)
            Copied = null;
    }

    public LiveView ToView() => new(
        Sessions.Count > 0, LastSeen, Sessions.LastOrDefault()?.Version ?? "", Report, Source, Copied,
        [.. Sessions.Select(session => session.Source?.ToString() ?? "this machine")], Opened);
}

/// <summary>A node's moving part at one moment.</summary>
/// <param name="IsOnline">It has an open stream.</param>
/// <param name="LastSeen">When it last said something.</param>
/// <param name="Version">Of its agent; empty while it is not connected.</param>
/// <param name="Report">What it last said.</param>
/// <param name="Source">Where its newest stream comes from.</param>
/// <param name="Copied">When two machines were last found to use its identity; null: never.</param>
/// <param name="Places">Where its streams come from.</param>
/// <param name="Opened">How many streams it has opened: each begins without what was said on the one before.</param>
internal sealed record LiveView(
    bool IsOnline, DateTimeOffset LastSeen, string Version, NodeReport Report, IPAddress? Source, DateTimeOffset? Copied, string[] Places, long Opened);
