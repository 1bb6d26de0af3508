using System.Collections.Immutable;

namespace Meshover.Console.UseCases;

/// <summary>Figures of one node over the last hours, a point for each minute; the oldest first. A null is a gap: nothing was heard.</summary>
/// <param name="Newest">When the last point was taken.</param>
/// <param name="Step">Between two points.</param>
/// <param name="Rx">Bytes a second that its peers sent it.</param>
/// <param name="Tx">Bytes a second that it sent its peers.</param>
/// <param name="RttMs">Mean round trip of its links.</param>
/// <param name="LossPercent">Of the echoes that measure round trips, those that were lost.</param>
public sealed record NodeSeries(
    DateTimeOffset Newest, TimeSpan Step, ImmutableArray<double?> Rx, ImmutableArray<double?> Tx, ImmutableArray<double?> RttMs, ImmutableArray<double?> LossPercent);

/// <summary>From when to when there are moments; nulls: there is none yet.</summary>
public sealed record PastSpan(DateTimeOffset? Oldest, DateTimeOffset? Newest);

/// <summary>The mesh as it was.</summary>
/// <param name="At">When: what was asked for, or the last moment before it of which something is known.</param>
/// <param name="View">Its picture: what is drawn and what needed somebody, and no more of its nodes.</param>
/// <param name="Around">What changed some minutes before and after, the newest first.</param>
/// <param name="AreMore">Not all of that is told.</param>
public sealed record PastMoment(DateTimeOffset At, MeshView View, ImmutableArray<EventRow> Around, bool AreMore)
{
    /// <summary>When its round trips were measured: nothing else has changed since then.</summary>
    public DateTimeOffset Taken { get; init; } = At;

    /// <summary>How long before and after.</summary>
    public static readonly TimeSpan Near = TimeSpan.FromMinutes(10);
}
