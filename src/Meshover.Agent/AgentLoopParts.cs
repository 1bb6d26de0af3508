using Meshover.Agent.Reconciling;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;

namespace Meshover.Agent;

/// <summary>What the main loop works with.</summary>
/// <param name="Planner">Makes plans of states.</param>
/// <param name="Reporter">Makes reports of states.</param>
/// <param name="Board">Takes reports.</param>
/// <param name="Identities">Keeps credentials and controllers.</param>
/// <param name="Keys">Changes the WireGuard key.</param>
/// <param name="Saver">Keeps the map.</param>
/// <param name="Publish">Hands what is wanted anew to all who work by it.</param>
internal sealed record AgentLoopParts(
    StatePlanner Planner, StateReporter Reporter, ReportBoard Board, IdentityKeeper Identities, KeyChanger Keys, MapSaver Saver,
    Action<Wanted> Publish)
{
    /// <summary>Says what is wrong with a state, and tells what changed.</summary>
    public Func<AgentState, AgentState> Diagnose { get; init; } = state => state;
}
