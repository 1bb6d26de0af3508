using System.Threading.Channels;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Mesh.Map;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent;

/// <summary>
/// The agent's one owner of state:
/// <list type="number">
/// <item>inputs come from all sides through one bounded channel (writers wait when it is full);</item>
/// <item>each makes the next <see cref="AgentState"/>; all that wait are taken before anything is done about them;</item>
/// <item>if the map, the underlay or the settings changed, a new plan goes to the reconcilers, which work on their own;</item>
/// <item>what the controller should know goes to the <see cref="ReportBoard"/>, the map to disk.</item>
/// </list>
/// </summary>
internal sealed partial class AgentLoop(AgentLoopParts parts, ILogger logger, TimeProvider time)
{
    private readonly StatePlanner _planner = parts.Planner;
    private readonly Pulse _changed = new();
    private AgentState _state = new();

    public AgentState State => Volatile.Read(ref _state);

    /// <param name="initial">What was found on disk and in the machine.</param>
    /// <param name="inputs">Ends by cancellation only.</param>
    /// <param name="cancellationToken">Ends the loop; the map is saved.</param>
    public async Task RunAsync(AgentState initial, ChannelReader<AgentInput> inputs, CancellationToken cancellationToken)
    {
        parts.Saver.Begin(initial);
        Settle(initial, former: null);
        try
        {
            while (await inputs.WaitToReadAsync(cancellationToken))
            {
                var next = _state;
                while (inputs.TryRead(out var input))
                    next = Take(next, input);
                Settle(next, _state);
            }
        }
        finally
        {
            await parts.Saver.FinishAsync(_state);
        }
    }

    /// <summary>Ends when every component has applied at least this generation without an error.</summary>
    /// <exception cref="AgentException">One of them tried, and could not: its error.</exception>
    public Task WaitForAppliedAsync(long generation, CancellationToken cancellationToken) =>
        WaitForAsync(state => state.Applied.Has(generation, state.Wanted), cancellationToken);

    /// <returns>The first state, of now or later, of which it is true.</returns>
    public async Task<AgentState> WaitForAsync(Func<AgentState, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = _changed.Next;
            var state = State;
            if (condition(state))
                return state;
            await changed.WaitAsync(cancellationToken);
        }
    }

    private AgentState Take(AgentState state, AgentInput input) => input switch
    {
        AgentInput.FromController { Event: var message } => TakeLinkEvent(state, message),
        AgentInput.UnderlayChanged { State: var underlay } => state.WithUnderlay(underlay),
        AgentInput.Reconciled reconciled => TakeReport(state, reconciled.Component, reconciled.Report, reconciled.Generation),
        AgentInput.DataplaneSeen { Status: var status, At: var at } => state with
        {
            Dataplane = status,
            DataplaneSeenAt = at,
            DataplaneKnownSince = status is null ? null : state.DataplaneKnownSince ?? time.Uptime(),
        },
        AgentInput.RoutingSeen { Status: var status } => state with
        {
            Routing = status,
            RoutingSeenAt = ReferenceEquals(status, state.Routing) ? state.RoutingSeenAt : time.GetUtcNow(),
        },
        AgentInput.AnnouncementsChanged { Announcements: var announcements } => state with { Announcements = announcements },
        AgentInput.SettingsRead { Problem: var problem } => state with { SettingsProblem = problem },
        AgentInput.NeighborsChanged { Neighbors: var neighbors } => state with { Neighbors = neighbors },
        AgentInput.GatherChecked { IsFailing: var isFailing } => state with { IsGatherFailing = isFailing },
        AgentInput.LinksJudged { Links: var links } => state with { Links = links },
        AgentInput.DrainChanged { State: var drain } => state with { Drain = drain },
        AgentInput.KeyChangeAsked { Answer: var answer } => TakeKeyChangeAsked(state, answer),
        AgentInput.NamesSeen { Fault: var fault } => state with { NamesFault = fault },
        AgentInput.StateDirectorySeen { Fault: var fault } => state with { StateFault = fault },
        AgentInput.Tick => TakeTick(state),
        _ => throw new InvalidOperationException($"Unknown input {input}."),
    };

    private AgentState TakeLinkEvent(AgentState state, LinkEvent message)
    {
        switch (message)
        {
            case LinkEvent.StateChanged changed:
                return TakeLinkState(state, changed);
            case LinkEvent.MapReceived received:
                return TakeMap(state, received.Map);
            case LinkEvent.CredentialReceived credential:
                parts.Identities.Update(identity => identity.WithCredential(credential.Jwt, credential.ExpiresUnix));
                return state;
            case LinkEvent.NoticeReceived { Text: "" } over:
                return state with { Notices = state.Notices.Remove(over.Kind) };
            case LinkEvent.NoticeReceived notice:
                LogNotice(logger, notice.Text);
                return state with { Notices = state.Notices.SetItem(notice.Kind, notice.Text) };
            default:
                throw new InvalidOperationException($"Unknown event {message}.");
        }
    }

    /// <summary>A controller that lets us in says anew what there is to notice.</summary>
    private AgentState TakeLinkState(AgentState state, LinkEvent.StateChanged changed)
    {
        if (changed.State != state.Link)
            LogLink(logger, changed.State, changed.Controller);
        var isConnected = changed.State == LinkState.Connected;
        return state with
        {
            Link = changed.State,
            Controller = changed.Controller,
            ControllerError = changed.Error,
            ControllerFault = changed.Fault,
            ControllerClock = changed.ClockAhead is { } ahead ? time.GetUtcNow() + ahead - time.SinceBoot() : state.ControllerClock,
            LastHeard = isConnected || state.Link == LinkState.Connected ? time.GetUtcNow() : state.LastHeard,
            Notices = isConnected ? state.Notices.Clear() : state.Notices,
        };
    }

    private AgentState TakeMap(AgentState state, MeshMap map)
    {
        parts.Identities.Update(identity => Renamed(identity, map).WithControllers(map.Settings.Controllers, map.Settings.CaPins));
        return state.WithTold(map, time.Uptime()) with { LastHeard = time.GetUtcNow() };
    }

    private static NodeIdentity Renamed(NodeIdentity identity, MeshMap map) =>
        identity.Numbers is { } numbers && map.Nodes.TryGetValue(numbers.Id, out var me) ? identity.WithHostName(me.HostName) : identity;

    private AgentState TakeReport(AgentState state, string component, Reconciling.ReconcileReport report, long generation)
    {
        var former = state.Applied.Reports.GetValueOrDefault(component);
        if (former is null || former.State != report.State || !former.Errors.SequenceEqual(report.Errors))
        {
            var error = report.Errors.FirstOrDefault() ?? "";
            LogComponent(logger, component, report.State, error);
        }
        return state with { Applied = state.Applied.With(component, report, generation) };
    }

    private AgentState TakeKeyChangeAsked(AgentState state, TaskCompletionSource<KeyChangeAnswer> answer)
    {
        try
        {
            answer.TrySetResult(parts.Keys.Ask(state));
        }
        catch (AgentException e)
        {
            answer.TrySetException(e);
        }
        return state;
    }

    private AgentState TakeTick(AgentState state)
    {
        if (state.Link == LinkState.Connected)
            state = state with { LastHeard = time.GetUtcNow() };
        return state.WithoutExpired(time.Uptime());
    }

    /// <summary>Does what the change from <paramref name="former"/> asks for.</summary>
    private void Settle(AgentState next, AgentState? former)
    {
        if (_planner.MustPlan(next, former, time.GetUtcNow()))
            next = Plan(next);
        parts.Keys.Advance(next);
        next = next with { Wanted = next.Wanted.With(next.Plan, parts.Identities.Current.KeyChange) };
        next = parts.Diagnose(next);
        Volatile.Write(ref _state, next);
        _changed.Beat();
        if (next.Wanted.Generation > (former?.Wanted.Generation ?? 0))
            parts.Publish(next.Wanted);
        parts.Board.Post(parts.Reporter.Report(next));
        parts.Saver.Look(next);
    }

    /// <summary>A map by which no plan can be made is a defect, in whoever made it or in us: the node goes on by the former plan, and says so.</summary>
    private AgentState Plan(AgentState state)
    {
        try
        {
            return _planner.Plan(state, time.GetUtcNow()) with { PlanProblem = "" };
        }
        catch (Exception e)
        {
            var problem = $"The map of revision {state.Map?.Revision} cannot be used ({e.Message}): this node goes on as before.";
            if (problem != state.PlanProblem)
                LogNoPlan(logger, e);
            return state with { PlanProblem = problem };
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Controller: {State} {Controller}")]
    private static partial void LogLink(ILogger logger, LinkState state, string controller);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Notice from the controller: {Text}")]
    private static partial void LogNotice(ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Component} is {State} {Error}")]
    private static partial void LogComponent(ILogger logger, string component, Reconciling.ComponentState state, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "No plan can be made")]
    private static partial void LogNoPlan(ILogger logger, Exception exception);
}
