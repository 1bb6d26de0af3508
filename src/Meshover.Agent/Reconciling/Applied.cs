using System.Collections.Immutable;

namespace Meshover.Agent.Reconciling;

/// <summary>What came of it: each component's last report, and the newest generation that it has applied without an error.</summary>
internal sealed record Applied
{
    public ImmutableDictionary<string, ReconcileReport> Reports { get; init; } = ImmutableDictionary<string, ReconcileReport>.Empty;
    private ImmutableDictionary<string, long> Clean { get; init; } = ImmutableDictionary<string, long>.Empty;

    /// <param name="generation">Of the plan that the pass was made with.</param>
    public Applied With(string component, ReconcileReport report, long generation) => this with
    {
        Reports = Reports.SetItem(component, report with { Generation = generation }),
        Clean = report.IsClean ? Clean.SetItem(component, generation) : Clean,
    };

    /// <summary>The newest generation that the component has applied: one in which its part did not change needs no pass. 0: none.</summary>
    public long Newest(string component, Wanted wanted)
    {
        var clean = Clean.GetValueOrDefault(component);
        return clean > 0 && clean >= wanted.Since(component) ? wanted.Generation : clean;
    }

    /// <summary>Whether all have applied at least this generation.</summary>
    /// <exception cref="AgentException">One has tried, and failed: its error.</exception>
    public bool Has(long generation, Wanted wanted)
    {
        var has = true;
        foreach (var component in Wanted.Components)
        {
            if (Newest(component, wanted) >= generation)
                continue;
            has = false;
            if (Reports.GetValueOrDefault(component) is { State: ComponentState.Degraded or ComponentState.Failed } failed
                && failed.Generation >= Math.Min(generation, wanted.Since(component)))
                throw new AgentException($"{component}: {failed.Errors.FirstOrDefault() ?? "it failed"}");
        }
        return has;
    }
}
