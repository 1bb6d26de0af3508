using Meshover.Agent.Diagnosing;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Agent.Scraping;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;
using Finding = Meshover.Mesh.Findings.Finding;
using FindingKinds = Meshover.Mesh.Findings.FindingKinds;

namespace Meshover.Agent.LocalApi;

/// <summary>Makes the status that is asked for, with what the data plane and FRR say at this moment, if they say it soon.</summary>
internal sealed class StatusSource(
    AgentLoop loop, IdentityKeeper identities, KeyChanger keys, IDataplane dataplane, RoutingClient routing, Reporting.RttProbe rtt, RoutedAddresses routed, Diagnosis diagnosis,
    Func<GatherState> gathered, MetricsServer? metrics, TimeProvider time)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);

    public async Task<AgentStatus> GetAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerWithin, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var asked = time.GetUtcNow();
        var engine = TryAsync(dataplane.GetStatusAsync(both.Token));
        var frr = TryAsync(routing.GetStatusAsync(both.Token));
        var state = loop.State;
        if (await engine is { } seen)
            state = state with { Dataplane = seen, DataplaneSeenAt = asked };
        state = state with { Routing = await frr ?? state.Routing, Routed = routed.Read() };
        state = state with { Findings = [.. diagnosis.Look(state).Findings, .. Beside()] };
        var status = StatusBuilder.Build(state, identities.Current, rtt.Get, time.GetUtcNow());
        status.Gatherings.Add(GatheringStatuses.Of(gathered(), state.Plan));
        status.KeyChangeProblem = keys.Problem;
        status.Notices.Add(metrics?.Notices(identities.Current.Numbers) ?? []);
        return status;
    }

    /// <summary>What those say of themselves that are no part of the agent's state.</summary>
    private IEnumerable<Finding> Beside()
    {
        if (keys.Problem.Length > 0)
            yield return new Finding(FindingKinds.KeyChange, "", keys.Problem);
        if (string.Join(" ", metrics?.Notices(identities.Current.Numbers) ?? []) is { Length: > 0 } notices)
            yield return new Finding(FindingKinds.MetricsListener, "", notices);
    }

    /// <summary>Null where no answer is to be had: the components' own state says why.</summary>
    private static async Task<T?> TryAsync<T>(Task<T> asked) where T : class
    {
        try
        {
            return await asked;
        }
        catch (Exception e) when (e is DataplaneException or RoutingException or OperationCanceledException)
        {
            return null;
        }
    }
}
