using System.Runtime.InteropServices;

namespace Meshover.Controller.Live;

/// <summary>
/// How a node stands, as far as the controller can say. There is no "down" here: a node that is not heard may carry all its traffic, and whoever wants
/// to know asks its peers.
/// </summary>
internal enum NodeState
{
    /// <summary>It was not heard since the controller's start, has not said yet how it stands, or its agent is too old to say it.</summary>
    Unknown = 0,

    /// <summary>It said how it stands, and three of its summaries did not come; or its stream has ended, and none came back.</summary>
    Lost = 1,

    /// <summary>Something of it fails, or it hears none of its peers.</summary>
    Degraded = 2,

    /// <summary>Something of it is not ready yet.</summary>
    Starting = 3,
    Ok = 4,
}

/// <param name="State">How the node stands.</param>
/// <param name="Since">From when on, by this controller's clock; to a second.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Judgement(NodeState State, DateTimeOffset Since);

/// <summary>Judges it. Pure.</summary>
internal static class NodeStates
{
    /// <summary>Three summaries of 30 s, each up to a tenth late, and some patience.</summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(105);

    /// <param name="node">Null: it was never heard.</param>
    /// <param name="now">By the <see cref="AttentiveClock"/>.</param>
    public static NodeState Of(LiveNode? node, TimeSpan now) => node switch
    {
        // One that was lost before the controller's start, and was not heard since, is lost.
        { HeardAt: null, Judged.State: NodeState.Lost } => NodeState.Lost,
        null or { HeardAt: null } => NodeState.Unknown,
        // An agent that has no plan yet, or is too old for it, sends no summaries that could be missed.
        { IsOnline: true, Health: null or { Components: null } } => NodeState.Unknown,
        { HeardAt: { } heard } when now - heard > LostAfter => NodeState.Lost,
        { Health: { Components: { } components } health } => Of(health, components),
        _ => NodeState.Unknown,
    };

    private static NodeState Of(HealthReport health, ComponentStates components) =>
        components.Any(ComponentState.Degraded, ComponentState.Failed) ? NodeState.Degraded
        : components.Any(ComponentState.Starting, ComponentState.Unknown) ? NodeState.Starting
        : health.IsDeaf ? NodeState.Degraded
        : NodeState.Ok;
}
