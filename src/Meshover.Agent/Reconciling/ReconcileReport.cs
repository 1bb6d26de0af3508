using System.Collections.Immutable;
using Meshover.Mesh.Findings;

namespace Meshover.Agent.Reconciling;

/// <summary>How a component of the node stands.</summary>
public enum ComponentState
{
    Ok,
    Starting,
    Degraded,
    Failed,
    Off,
}

/// <summary>What one pass of a reconciler found and did.</summary>
public sealed record ReconcileReport
{
    private const int MostErrors = 10;

    public required ComponentState State { get; init; }

    /// <summary>What does the work, e.g. "userspace", "frr 8.4.4"; may be empty.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Why it is this kind, one sentence, where another is to be preferred; else empty.</summary>
    public string Reason { get; init; } = "";

    /// <summary>One sentence each: what failed, why, what to do.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];

    /// <summary>Those of the errors of which it is known what they are. The others are the component's own.</summary>
    public ImmutableArray<Finding> Findings { get; init; } = [];

    /// <summary>What somebody who undoes it should know, one sentence each; no errors.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>What was changed in this pass, one line each; empty when everything was right. For the log.</summary>
    public ImmutableArray<string> Changes { get; init; } = [];

    /// <summary>Of the plan that the pass was made with.</summary>
    public long Generation { get; init; }

    /// <summary>All is as the plan says.</summary>
    public bool IsClean => State is ComponentState.Ok or ComponentState.Off && Errors.IsEmpty;

    /// <summary>The report with so many errors as somebody reads, and how many there are beside.</summary>
    public ReconcileReport Bounded() => Errors.Length <= MostErrors
        ? this
        : this with { Errors = [.. Errors.Take(MostErrors), $"And {Errors.Length - MostErrors} more of this kind."] };
}
