namespace Meshover.Agent.Reconciling;

/// <summary>
/// Makes one part of the system what the plan says: observe, diff, apply. Idempotent; adopts what a former agent left; never tears
/// down what is right; goes on past one failure and reports all. Called by one loop, never concurrently with itself.
/// </summary>
/// <typeparam name="TPlan">The part of the plan that it works by.</typeparam>
public interface IReconciler<in TPlan>
{
    /// <summary>As shown in status and logs: "kernel", "dataplane", "routing".</summary>
    string Name { get; }

    /// <summary>Operational failures are in the report; only cancellation and bugs are thrown.</summary>
    Task<ReconcileReport> ReconcileAsync(TPlan plan, CancellationToken cancellationToken);
}
