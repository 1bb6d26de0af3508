using System.Collections.Immutable;

namespace Meshover.Routing.Supervision;

/// <summary>What the supervisor shows to others, replaced as a whole.</summary>
internal sealed record SupervisorState(RoutingState State, ImmutableArray<string> Errors, ImmutableArray<FrrDaemonStatus> Daemons, int Restarts)
{
    public static SupervisorState Initial { get; } = new(RoutingState.Waiting, [], [], 0);

    /// <summary>The next one.</summary>
    public SupervisorState Become(RoutingState state, ImmutableArray<string> errors, FrrProcesses? running) => this with
    {
        State = state,
        Errors = errors,
        Daemons = running is null
            ? []
            : [.. FrrDaemon.All.Where(d => running.Daemons.ContainsKey(d.Name)).Select(d => new FrrDaemonStatus(d.Name, running.Daemons[d.Name].Pid))],
    };
}
