using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling;

/// <summary>Stands for a component that the operator left out.</summary>
internal sealed class AbsentComponent(string name) : IReconciler
{
    public string Name => name;

    public Task<ReconcileReport> ReconcileAsync(NodePlan plan, CancellationToken cancellationToken) =>
        Task.FromResult(new ReconcileReport { State = ComponentState.Off });
}
