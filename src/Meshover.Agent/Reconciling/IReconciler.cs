using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// Makes one part of the system what the plan says: observe, diff, apply. Idempotent; adopts what a former agent left; never tears
/// down what is right; goes on past one failure and reports all. Called by one loop, never concurrently with itself.
/// </summary>
public interface IReconciler
{
    /// <summary>As shown in status and logs: "kernel", "dataplane", "routing".</summary>
    string Name { get; }

    /// <summary>Operational failures are in the report; only cancellation and bugs are thrown.</summary>
    Task<ReconcileReport> ReconcileAsync(NodePlan plan, CancellationToken cancellationToken);
}
