using Meshover.Agent.ControllerLink;
using Meshover.Agent.Endpoints;
using Meshover.Agent.Reconciling;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Agent;

/// <summary>All that the main loop hears of; it alone owns the agent's state.</summary>
internal abstract record AgentInput
{
    public sealed record FromController(LinkEvent Event) : AgentInput;

    /// <summary>The machine's addresses on the underlay changed.</summary>
    public sealed record UnderlayChanged(UnderlayState State) : AgentInput;

    /// <summary>A reconciler finished a pass.</summary>
    public sealed record Reconciled(string Component, ReconcileReport Report) : AgentInput;

    /// <summary>What the data plane says now.</summary>
    /// <param name="Status">Null: it does not answer.</param>
    /// <param name="At">When it was asked.</param>
    public sealed record DataplaneSeen(DataplaneStatus? Status, DateTimeOffset At) : AgentInput;

    /// <summary>What FRR says now; null: it does not answer.</summary>
    public sealed record RoutingSeen(RoutingStatus? Status) : AgentInput;

    /// <summary>The operator wants another WireGuard key.</summary>
    public sealed record KeyChangeAsked(TaskCompletionSource<Trust.KeyChangeAnswer> Answer) : AgentInput;

    /// <summary>Time passed: ages, graces and summaries are looked at.</summary>
    public sealed record Tick : AgentInput;
}
