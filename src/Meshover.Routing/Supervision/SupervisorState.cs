using System.Collections.Immutable;
using Meshover.Mesh.Findings;

namespace Meshover.Routing.Supervision;

/// <summary>What the supervisor shows to others, replaced as a whole.</summary>
internal sealed record SupervisorState(RoutingState State, ImmutableArray<string> Errors, ImmutableArray<FrrDaemonStatus> Daemons, int Restarts)
{
    public static SupervisorState Initial { get; } = new(RoutingState.Waiting, [], [], 0);

    /// <summary>The errors, by what they are.</summary>
    public ImmutableArray<Finding> Findings { get; init; } = [];

    /// <summary>The next one.</summary>
    public SupervisorState Become(RoutingState state, ImmutableArray<Finding> findings, FrrProcesses? running) => this with
    {
        State = state,
        Errors = [.. findings.Select(finding => finding.Text)],
        Findings = findings,
        Daemons = running is null
            ? []
            : [.. FrrDaemon.AnyRelease.Where(d => running.Daemons.ContainsKey(d.Name)).Select(d => new FrrDaemonStatus(d.Name, running.Daemons[d.Name].Pid))],
    };
}
