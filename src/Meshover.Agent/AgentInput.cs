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

    /// <summary>A reconciler finished a pass, with the plan of this generation.</summary>
    public sealed record Reconciled(string Component, ReconcileReport Report, long Generation) : AgentInput;

    /// <summary>What the data plane says now.</summary>
    /// <param name="Status">Null: it does not answer.</param>
    /// <param name="At">When it was asked.</param>
    public sealed record DataplaneSeen(DataplaneStatus? Status, DateTimeOffset At) : AgentInput;

    /// <summary>What FRR says now; null: it does not answer.</summary>
    public sealed record RoutingSeen(RoutingStatus? Status) : AgentInput;

    /// <summary>Another set of prefixes is to be announced.</summary>
    public sealed record AnnouncementsChanged(Announcing.AnnouncementSet Announcements) : AgentInput;

    /// <summary>The settings were read anew.</summary>
    /// <param name="Problem">Why they cannot be used; empty: they can.</param>
    public sealed record SettingsRead(string Problem) : AgentInput;

    /// <summary>Other routers outside the mesh are to be spoken to.</summary>
    public sealed record NeighborsChanged(System.Collections.Immutable.ImmutableArray<Mesh.Planning.ExternalNeighbor> Neighbors) : AgentInput;

    /// <summary>Something is wrong with the daemon that answers for names; null: no more.</summary>
    public sealed record NamesSeen(Mesh.Findings.Finding? Fault) : AgentInput;

    /// <summary>Something is wrong with the directory of the node's state; null: no more.</summary>
    public sealed record StateDirectorySeen(Mesh.Findings.Finding? Fault) : AgentInput;

    /// <summary>Links are better or worse than they were.</summary>
    public sealed record LinksJudged(System.Collections.Immutable.ImmutableSortedDictionary<Mesh.Identity.NodeId, Mesh.Paths.LinkQuality> Links) : AgentInput;

    /// <summary>The check of what is gathered here fails, or does no more.</summary>
    public sealed record GatherChecked(bool IsFailing) : AgentInput;

    /// <summary>The node is to be left, or is further on the way; null: it is back.</summary>
    public sealed record DrainChanged(Draining.DrainState? State) : AgentInput;

    /// <summary>The operator wants another WireGuard key.</summary>
    public sealed record KeyChangeAsked(TaskCompletionSource<Trust.KeyChangeAnswer> Answer) : AgentInput;

    /// <summary>Time passed: ages, graces and summaries are looked at.</summary>
    public sealed record Tick : AgentInput;
}
