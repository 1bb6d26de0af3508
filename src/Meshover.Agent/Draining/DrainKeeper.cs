using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Meshover.Agent.Announcing.Declared;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Draining;

/// <summary>
/// Leads a node out of the mesh step by step, each when the one before has had its effect, or its time is over: with nobody to take over, and with FRR or the
/// controller dead, it comes to an end all the same.
/// </summary>
/// <param name="ask">Who announces prefixes, as bgpd knows; it may fail.</param>
internal sealed partial class DrainKeeper(
    string stateDirectory, DeclaredAnnouncements declared, Func<IEnumerable<IPNetwork>, CancellationToken, Task<KnownPaths>> ask, AgentLoop loop, ChannelWriter<AgentInput> inputs,
    ILogger logger, TimeProvider time)
{
    /// <summary>Another node sees within half a second that one is leaving, and has the prefix a moment later.</summary>
    private static readonly TimeSpan HandOverWithin = TimeSpan.FromSeconds(3);

    /// <summary>For FRR to take a line, and for all nodes to choose anew by it.</summary>
    private static readonly TimeSpan AppliedWithin = TimeSpan.FromSeconds(2), SpreadWithin = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100), LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>A standby shows within half a second that its active is leaving.</summary>
    private static readonly TimeSpan HeirShowsWithin = TimeSpan.FromMilliseconds(1200);

    /// <summary>A node that was to be stopped and lives so much later is not stopped.</summary>
    private static readonly TimeSpan StopTakes = TimeSpan.FromMinutes(1);

    /// <summary>Of more prefixes nobody is asked whether others announce them: they are liked least, and that is all.</summary>
    private const int MostAsked = 1024;

    private readonly string _file = Path.Combine(stateDirectory, "draining");
    private readonly Pulse _changed = new();
    private volatile Order? _order;

    private sealed record Order(bool IsForStop);

    /// <summary>It was draining when the agent ended.</summary>
    public bool WasDraining => File.Exists(_file);

    /// <summary>Before the first plan: nothing is to come back to a node that was left.</summary>
    public DrainState? Begin()
    {
        if (!WasDraining)
            return null;
        _order = new Order(IsForStop: false);
        return new DrainState(DrainStage.LeastLiked, [], IsForStop: false);
    }

    /// <exception cref="AgentException">It cannot be remembered; nothing is changed.</exception>
    public void Drain(bool isForStop)
    {
        if (_order is null or { IsForStop: true } && !isForStop)
        {
            Remember();
            _order = new Order(IsForStop: false);
        }
        _order ??= new Order(isForStop);
        _changed.Beat();
    }

    /// <exception cref="AgentException">It cannot be forgotten; nothing is changed.</exception>
    public void Undrain()
    {
        try
        {
            File.Delete(_file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"{_file} cannot be removed ({e.Message}): the node stays drained.", e);
        }
        _order = null;
        _changed.Beat();
    }

    /// <summary>Ends when the node may be stopped, or is not to be left any more.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => loop.WaitForAsync(state => _order is null || state.Drain is { Stage: DrainStage.Drained }, cancellationToken);

    /// <summary>Hands over what other nodes announce, too, before the node is stopped; nothing where there is none. It fails for no reason.</summary>
    public async Task ForStopAsync(TimeSpan within)
    {
        using var limit = new CancellationTokenSource(within, time);
        try
        {
            if (!await HasHeirsAsync(limit.Token))
                return;
            Drain(isForStop: true);
            await WaitAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or AgentException)
        {
            LogNotInTime(logger, within.TotalSeconds);
        }
    }

    /// <summary>Whether another node announces something of what this one does, or may: who stands by is silent while this one has the prefix.</summary>
    public async Task<bool> HasHeirsAsync(CancellationToken cancellationToken) =>
        declared.Current.Declared.Any(one => one.Role is FailoverRole.Active) || (await OthersAsync(cancellationToken))?.IsEmpty == false;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = _changed.Next;
            if (_order is { } order)
            {
                await LeaveAsync(order, changed, cancellationToken);
            }
            else if (loop.State.Drain is not null)
            {
                await TellAsync(state: null, cancellationToken);
                await HeardAnewAsync(cancellationToken);
                declared.Drain(isDraining: false);
                LogBack(logger);
            }
            await changed.WaitAsync(cancellationToken);
        }
    }

    private async Task LeaveAsync(Order order, Task changed, CancellationToken cancellationToken)
    {
        declared.Drain(isDraining: true);
        if (loop.State.Drain is not { IsLeastLiked: true })
        {
            await TellAsync(new DrainState(DrainStage.HandingOver, [], order.IsForStop), cancellationToken);
            if (order.IsForStop && !await IsAnyHeirAsync(cancellationToken))
            {
                await TellAsync(new DrainState(DrainStage.Drained, [], order.IsForStop), cancellationToken);
                await ForgetStopAsync(order, changed, cancellationToken);
                return;
            }
            await UntilAsync(state => !state.Announcements.Sources.Any(source => source.Declared.Any(one => one.Role is FailoverRole.Active or FailoverRole.Leaving)), HandOverWithin, cancellationToken);
            await TellAsync(new DrainState(DrainStage.LeastLiked, [], order.IsForStop), cancellationToken);
        }
        await AppliedAsync(cancellationToken);
        await Task.Delay(SpreadWithin, time, cancellationToken);
        await TellAsync(new DrainState(DrainStage.Withdrawing, await OthersAsync(cancellationToken) ?? [], order.IsForStop), cancellationToken);
        await AppliedAsync(cancellationToken);
        await Task.Delay(SpreadWithin, time, cancellationToken);
        // Whether others announce what this node does may change while it waits to be stopped.
        var drainedAt = time.GetTimestamp();
        while (!changed.IsCompleted)
        {
            if (order.IsForStop && time.GetElapsedTime(drainedAt) > StopTakes)
            {
                await ForgetStopAsync(order, changed, cancellationToken);
                return;
            }
            if (await OthersAsync(cancellationToken) is { } others)
                await TellAsync(new DrainState(DrainStage.Drained, others, order.IsForStop), cancellationToken);
            else if (loop.State.Drain is { Stage: not DrainStage.Drained } last)
                await TellAsync(last with { Stage = DrainStage.Drained }, cancellationToken);
            await Task.WhenAny(changed, Task.Delay(LookAgain, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Until FRR has taken its mark off all that it hears, others seem to be leaving, too: what they have would be taken from them.</summary>
    private async Task HeardAnewAsync(CancellationToken cancellationToken)
    {
        await AppliedAsync(cancellationToken);
        await Task.Delay(SpreadWithin, time, cancellationToken);
        var begun = time.GetTimestamp();
        while (time.GetElapsedTime(begun) < HandOverWithin && await IsAllMarkedAsync(cancellationToken))
            await Task.Delay(LookEvery, time, cancellationToken);
    }

    private async Task<bool> IsAllMarkedAsync(CancellationToken cancellationToken)
    {
        var failovers = loop.State.Announcements.Merge().Where(asked => asked.Announcement.Failover is not null).Select(asked => asked.Announcement.Prefix).ToList();
        try
        {
            var others = failovers.Count == 0 ? [] : (await ask(failovers, cancellationToken)).Paths.Where(path => path.Origin != 0).ToList();
            return others.Count > 0 && others.TrueForAll(path => path.IsGoing);
        }
        catch (RoutingException)
        {
            return true; // bgpd does not say
        }
    }

    private async Task<bool> IsAnyHeirAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        while (time.GetElapsedTime(begun) < HeirShowsWithin)
        {
            if (await OthersAsync(cancellationToken) is { IsEmpty: false })
                return true;
            await Task.Delay(LookEvery, time, cancellationToken);
        }
        return false;
    }

    /// <summary>Who wanted to stop the node has not: it takes part again.</summary>
    private async Task ForgetStopAsync(Order order, Task changed, CancellationToken cancellationToken)
    {
        await Task.WhenAny(changed, Task.Delay(StopTakes, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        if (_order == order && !changed.IsCompleted)
        {
            _order = null;
            _changed.Beat();
        }
    }

    /// <returns>Null: bgpd does not say.</returns>
    private async Task<ImmutableHashSet<IPNetwork>?> OthersAsync(CancellationToken cancellationToken)
    {
        var wanted = loop.State.Announcements.Merge().OrderByDescending(asked => asked.Announcement.Failover is not null).Select(asked => asked.Announcement.Prefix).Take(MostAsked).ToList();
        try
        {
            ImmutableArray<AnnouncedPath> paths = wanted.Count == 0 ? [] : (await ask(wanted, cancellationToken)).Paths;
            // By the map, as this node marks all that it hears while it is drained: of two that are, one must stay.
            var going = (loop.State.Map?.Nodes.Values ?? []).Where(node => node.IsDraining).Select(node => node.Asn.Value).ToHashSet();
            return [.. paths.Where(path => path.Origin != 0 && !going.Contains(path.Origin)).Select(path => IPNetwork.Parse(path.Prefix))];
        }
        catch (RoutingException)
        {
            return null;
        }
    }

    private async Task TellAsync(DrainState? state, CancellationToken cancellationToken)
    {
        if (loop.State.Drain == state)
            return;
        if (state is not null)
            LogStage(logger, state.Stage);
        await inputs.WriteAsync(new AgentInput.DrainChanged(state), cancellationToken);
        await loop.WaitForAsync(seen => seen.Drain == state, cancellationToken);
    }

    private Task AppliedAsync(CancellationToken cancellationToken)
    {
        var generation = loop.State.Wanted.Generation;
        return UntilAsync(state => state.Applied.Has(generation, state.Wanted), AppliedWithin, cancellationToken);
    }

    private async Task UntilAsync(Func<AgentState, bool> condition, TimeSpan within, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        while (!IsSo() && time.GetElapsedTime(begun) < within)
            await Task.Delay(LookEvery, time, cancellationToken);

        // What cannot be applied is said elsewhere, and keeps nobody from leaving.
        bool IsSo()
        {
            try
            {
                return condition(loop.State);
            }
            catch (AgentException)
            {
                return true;
            }
        }
    }

    private void Remember()
    {
        try
        {
            AtomicFile.Write(_file, []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"{_file} cannot be written ({e.Message}), and a restart would forget that the node is drained: nothing is changed.", e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The node is stopped, and was not drained within {Seconds} s")]
    private static partial void LogNotInTime(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Draining: {Stage}")]
    private static partial void LogStage(ILogger logger, DrainStage stage);

    [LoggerMessage(Level = LogLevel.Information, Message = "Drained no more")]
    private static partial void LogBack(ILogger logger);
}
