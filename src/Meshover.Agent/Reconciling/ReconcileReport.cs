using System.Collections.Immutable;

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
    public required ComponentState State { get; init; }

    /// <summary>What does the work, e.g. "userspace", "frr 8.4.4"; may be empty.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Why it is this kind, one sentence, where another is to be preferred; else empty.</summary>
    public string Reason { get; init; } = "";

    /// <summary>One sentence each: what failed, why, what to do.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];

    /// <summary>What somebody who undoes it should know, one sentence each; no errors.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>What was changed in this pass, one line each; empty when everything was right. For the log.</summary>
    public ImmutableArray<string> Changes { get; init; } = [];

    /// <summary>The change of the WireGuard key that the data plane has been told of in this pass; null: none.</summary>
    public Trust.KeyChange? KeyChange { get; init; }

    /// <summary>
    /// A node address was put (back) in place. The kernel has flushed every route that had it as its source, and zebra does not put them
    /// back by itself: routing is to apply BGP's route-map anew.
    /// </summary>
    public bool NodeAddressRestored { get; init; }
}
