using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;

namespace Meshover.Agent.ControllerLink;

/// <summary>
/// One connecting: every address of every controller, each started while the former still tries (RFC 8305), until one works.
/// <list type="number">
/// <item>First choices are addresses that are known at once, what worked last before all; those of names join as these resolve.</item>
/// <item>Second choices have to wait until no first choice is under way and names have had their time: addresses that answered
/// otherwise than they should the last time, and unmarked connections, for a controller inside the mesh.</item>
/// </list>
/// </summary>
internal sealed class DialRace(ControllerNames names, SecureConnection secure, uint mark, TimeProvider time)
{
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    // Where TCP stands, TLS is worth waiting for; a second handshake beside it costs the same controller as much again.
    private static readonly TimeSpan StaggerOfTls = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan NamesFirst = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan NameTimeout = TimeSpan.FromSeconds(15);

    // After all that are doubtful, in the order of failing.
    private const int Unmarked = 1 << 20;

    private readonly Queue<DialTarget> _first = [];
    private readonly PriorityQueue<(DialTarget Target, uint Mark), int> _second = new();
    private readonly HashSet<IPEndPoint> _seen = [];
    private readonly Dictionary<Task<Stream?>, DialAttempt> _running = [];
    private readonly Dictionary<Task<IPAddress[]>, HostPort> _resolving = [];
    private readonly List<string> _failures = [];
    private readonly List<string> _untrusted = [];
    private int _unresolved;

    public DialAttempt? Winner { get; private set; }

    /// <summary>Why each failed, once each, in the order of failing.</summary>
    public IEnumerable<string> Failures => _failures.Distinct();

    /// <summary>Why the other ends are not trusted; null: there was none, or others failed otherwise and may work the next time.</summary>
    public string? Untrusted => _untrusted.Count > 0 && _untrusted.Count == _failures.Count ? _untrusted[0] : null;

    /// <summary>There was no address to try: no name resolves.</summary>
    public bool IsNamesAlone => _unresolved > 0 && _unresolved == _failures.Count;

    /// <param name="controllers">In the order of preference.</param>
    /// <param name="preferred">What worked last; null: nothing did.</param>
    /// <param name="doubtful">What answered otherwise than it should, longest ago first.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null: none works.</returns>
    public async Task<Stream?> RunAsync(
        ImmutableArray<HostPort> controllers, DialTarget? preferred, ImmutableArray<DialTarget> doubtful, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            Begin(controllers, preferred, doubtful, stop.Token);
            return await FirstAsync(doubtful, stop.Token);
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var loser in await Task.WhenAll(_running.Keys))
                loser?.Dispose();
        }
    }

    private void Begin(
        ImmutableArray<HostPort> controllers, DialTarget? preferred, ImmutableArray<DialTarget> doubtful, CancellationToken cancellationToken)
    {
        if (preferred is not null && controllers.Contains(preferred.Controller))
            Add(preferred, doubtful);
        foreach (var controller in controllers)
        {
            Add(controller, names.Known(controller.Host), doubtful);
            if (!IPAddress.TryParse(controller.Host, out _))
                _resolving.Add(LookUpAsync(controller, cancellationToken), controller);
        }
    }

    private async Task<Stream?> FirstAsync(ImmutableArray<DialTarget> doubtful, CancellationToken cancellationToken)
    {
        var (stagger, patience) = (Task.CompletedTask, Task.Delay(NamesFirst, time, cancellationToken));
        while (true)
        {
            if (stagger.IsCompleted && Next(patience.IsCompleted) is { } next)
            {
                var run = next.RunAsync(cancellationToken);
                _running.Add(run, next);
                stagger = HeadStartAsync(next, run, cancellationToken);
            }
            else if (_running.Count == 0 && _resolving.Count == 0)
            {
                return null;
            }
            var done = await Task.WhenAny([.. _running.Keys, .. _resolving.Keys, .. Waits(stagger, patience)]);
            cancellationToken.ThrowIfCancellationRequested();
            if (done is Task<Stream?> attempt && await TakeAsync(attempt) is { } stream)
                return stream;
            if (done is Task<IPAddress[]> addresses && _resolving.Remove(addresses, out var controller))
                Add(controller, await ResolvedAsync(controller, addresses), doubtful);
            if (_running.Count == 0)
                stagger = Task.CompletedTask;
        }
    }

    private static IEnumerable<Task> Waits(params Task[] waits) => waits.Where(wait => !wait.IsCompleted);

    private DialAttempt? Next(bool namesHadTheirTime)
    {
        if (_first.TryDequeue(out var target))
            return new DialAttempt(target, mark, secure, time);
        var isFirstUnderWay = _running.Values.Any(attempt => attempt is { IsMarked: true, IsConnected: false });
        var mayBeSecond = !isFirstUnderWay && (_resolving.Count == 0 || namesHadTheirTime);
        return mayBeSecond && _second.TryDequeue(out var second, out _) ? new DialAttempt(second.Target, second.Mark, secure, time) : null;
    }

    private async Task HeadStartAsync(DialAttempt attempt, Task run, CancellationToken cancellationToken)
    {
        await Task.WhenAny(attempt.Tcp, Task.Delay(Stagger, time, cancellationToken));
        if (attempt.IsConnected)
            await Task.WhenAny(run, Task.Delay(StaggerOfTls, time, cancellationToken));
    }

    private async Task<Stream?> TakeAsync(Task<Stream?> ended)
    {
        _running.Remove(ended, out var attempt);
        var stream = await ended;
        if (stream is not null)
        {
            Winner = attempt;
            return stream;
        }
        if (attempt!.IsUntrusted)
            _untrusted.Add(attempt.Failure);
        _failures.Add($"{attempt.Target.Controller}: {attempt.Failure.TrimEnd('.')}");
        if (attempt is { IsMarked: true, IsConnected: false })
            _second.Enqueue((attempt.Target, 0), Unmarked + _failures.Count);
        return null;
    }

    private void Add(HostPort controller, IPAddress[] addresses, ImmutableArray<DialTarget> doubtful)
    {
        foreach (var address in addresses)
            Add(new DialTarget(controller, address), doubtful);
    }

    private void Add(DialTarget target, ImmutableArray<DialTarget> doubtful)
    {
        if (!_seen.Add(target.EndPoint))
            return;
        if (doubtful.IndexOf(target) is >= 0 and var age)
            _second.Enqueue((target, mark), age);
        else
            _first.Enqueue(target);
    }

    private async Task<IPAddress[]> LookUpAsync(HostPort controller, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(NameTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        return await names.LookUpAsync(controller.Host, both.Token);
    }

    /// <summary>None where the name does not resolve.</summary>
    private async Task<IPAddress[]> ResolvedAsync(HostPort controller, Task<IPAddress[]> lookUp)
    {
        try
        {
            return await lookUp;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            _unresolved++;
            _failures.Add($"{controller}: its name does not resolve ({(e is SocketException ? e.Message : "no answer in time")})");
            return [];
        }
    }
}
