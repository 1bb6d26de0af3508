using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Endpoints;

/// <summary>
/// Looks at the data plane, and tells the main loop what it sees; lets each peer's <see cref="EndpointChooser"/> decide whether another endpoint is
/// to be tried. Each second, at once where the underlay lost a way, and less often while all peers are heard: asking costs both daemons O(peers).
/// </summary>
internal sealed partial class EndpointKeeper(IDataplane dataplane, ChannelWriter<AgentInput> inputs, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>A peer that was heard of so lately is far from the silence that has it called elsewhere.</summary>
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(6);

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);
    private const int JitterSteps = 8;

    /// <summary>While all are heard, it looks in each third period only.</summary>
    private const int QuietPeriods = 3;
    private static readonly TimeSpan JitterStep = TimeSpan.FromMilliseconds(110);

    private readonly Dictionary<NodeId, EndpointChooser> _choosers = [];

    // A look that is due stands for all that are asked for.
    private readonly Channel<bool> _toLook = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private NodePlan? _plan;
    private volatile bool _isQuiet;

    /// <summary>Where the routes of the underlay changed, it looks at once: a peer that was called by one that is gone is called by another.</summary>
    public void Post(NodePlan plan)
    {
        var former = Interlocked.Exchange(ref _plan, plan);
        _isQuiet = false;
        if (former is not null && !former.WireGuard.Routes.SameAs(plan.WireGuard.Routes))
            _toLook.Writer.TryWrite(true);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var ticking = TickAsync(cancellationToken);
        await foreach (var _ in _toLook.Reader.ReadAllAsync(cancellationToken))
        {
            if (Volatile.Read(ref _plan) is { } plan)
                await LookAsync(plan, cancellationToken);
        }
        await ticking;
    }

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        for (var left = 0; await timer.WaitForNextTickAsync(cancellationToken); left = left == 0 ? QuietPeriods - 1 : left - 1)
        {
            if (left == 0 || !_isQuiet)
                _toLook.Writer.TryWrite(true);
        }
    }

    private async Task LookAsync(NodePlan plan, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerWithin, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        DataplaneStatus? status = null;
        _isQuiet = false;
        var asked = time.GetUtcNow();
        try
        {
            status = await dataplane.GetStatusAsync(both.Token);
            _isQuiet = AreAllHeard(plan, status);
            foreach (var (key, peer, next) in Choose(plan, status, time.Uptime()))
                await CallAsync(key, peer, next, both.Token);
        }
        catch (DataplaneException e)
        {
            LogNoAnswer(logger, e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogNoAnswer(logger, "nothing in time");
        }
        await inputs.WriteAsync(new AgentInput.DataplaneSeen(status, asked), cancellationToken);
    }

    /// <summary>One that is refused (the peer went meanwhile, the address is none that can be called) must not cost the others their turn.</summary>
    private async Task CallAsync(WireGuardKey key, NodeId peer, IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        try
        {
            LogTry(logger, peer, endpoint);
            await dataplane.SetEndpointAsync(key, endpoint, cancellationToken);
        }
        catch (DataplaneException e) when (e.Error != DataplaneError.Unreachable)
        {
            LogNotCalled(logger, peer, endpoint, e.Message);
        }
    }

    private static bool AreAllHeard(NodePlan plan, DataplaneStatus status)
    {
        var contacts = PeerStatuses.Of(status);
        return plan.WireGuard.Peers.All(peer =>
            contacts.Find(peer) is { LastReceiveAgeMs: >= 0 } contact && contact.LastReceiveAgeMs < Lately.TotalMilliseconds);
    }

    private List<(WireGuardKey Key, NodeId Node, IPEndPoint Next)> Choose(NodePlan plan, DataplaneStatus status, TimeSpan now)
    {
        var contacts = PeerStatuses.Of(status);
        var calls = new List<(WireGuardKey, NodeId, IPEndPoint)>();
        foreach (var peer in plan.WireGuard.Peers)
        {
            if (contacts.Find(peer) is not { } contact)
                continue;
            var candidates = peer.Endpoints.Select(candidate => candidate.EndPoint).ToList();
            if (ChooserOf(plan.Self, peer, now).Choose(ToContact(contact, plan.WireGuard, candidates), candidates, now) is { } next)
                calls.Add((contact.PublicKey, peer.Node, next));
        }
        Forget(plan);
        return calls;
    }

    private static PeerContact ToContact(PeerStatus status, WireGuardPlan plan, List<IPEndPoint> candidates) => new(
        status.Endpoint,
        status.LastReceiveAgeMs < 0 ? null : TimeSpan.FromMilliseconds(status.LastReceiveAgeMs),
        IsCut: status.Endpoint is { } endpoint && !plan.Routes.Reach(endpoint.Address))
    {
        Preferred = EndpointOrder.Better(plan.Preferred, candidates, status.Endpoint),
    };

    private EndpointChooser ChooserOf(NodeId self, WireGuardPeerPlan peer, TimeSpan now)
    {
        if (_choosers.TryGetValue(peer.Node, out var chooser))
            return chooser;
        // Not random: the two of a pair must differ for certain, so one has the even steps and the other the odd ones.
        var step = (self.Value % (JitterSteps / 2) * 2) + (peer.CallsFirst ? 0u : 1u);
        return _choosers[peer.Node] = new EndpointChooser(peer.CallsFirst, JitterStep * step, now);
    }

    private void Forget(NodePlan plan)
    {
        if (_choosers.Count <= plan.WireGuard.Peers.Length)
            return;
        var known = plan.WireGuard.Peers.Select(peer => peer.Node).ToHashSet();
        foreach (var gone in _choosers.Keys.Where(node => !known.Contains(node)).ToImmutableArray())
            _choosers.Remove(gone);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Calling node {Node} at {Endpoint}")]
    private static partial void LogTry(ILogger logger, NodeId node, IPEndPoint endpoint);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Node {Node} cannot be called at {Endpoint}: {Reason}")]
    private static partial void LogNotCalled(ILogger logger, NodeId node, IPEndPoint endpoint, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The data plane does not answer: {Reason}")]
    private static partial void LogNoAnswer(ILogger logger, string reason);
}
