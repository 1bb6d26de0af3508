namespace Meshover.Agent.Reconciling;

/// <summary>Stands for a component that the operator left out.</summary>
internal sealed class AbsentComponent<TPlan>(string name) : IReconciler<TPlan>
{
    public string Name => name;

    public Task<ReconcileReport> ReconcileAsync(TPlan plan, CancellationToken cancellationToken) =>
        Task.FromResult(new ReconcileReport { State = ComponentState.Off });
}
