using System.Net.Sockets;
using Meshover.Lab.Machines;

namespace Meshover.Lab.Reach;

/// <summary>Checks whether every point reaches every other of its group (nodes, workloads), over IPv4 and IPv6.</summary>
public sealed class ReachChecker : IDisposable
{
    private static readonly AddressFamily[] Families = [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RoundPatience = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan RoundPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TransferTimeout = TimeSpan.FromSeconds(20);

    // A transfer is work for every core on its way: more at once would only wait.
    private const int TransfersAtOnce = 8;
    private readonly IReadOnlyList<IReadOnlyList<ReachPoint>> _groups;
    private readonly Dictionary<(string, AddressFamily), EchoSocket> _sockets = [];
    private readonly TimeProvider _time;

    public ReachChecker(IReadOnlyList<IReadOnlyList<ReachPoint>> groups, TimeProvider time)
    {
        (_groups, _time) = (groups, time);
        foreach (var point in groups.SelectMany(group => group))
            foreach (var family in Families)
                _sockets[(point.Name, family)] = EchoSocket.Open(point.Machine, family, time);
    }

    /// <summary>How many (from, to, family) there are.</summary>
    public int PairCount => Pairs().Count();

    /// <summary>
    /// Pings until every pair has answered once. Ends early, with what is still missing, when the time is over.
    /// </summary>
    /// <param name="progress">Told how many have answered so far, whenever that changes.</param>
    /// <returns>The pairs that never answered; empty is success.</returns>
    public async Task<IReadOnlyList<string>> WaitAsync(TimeSpan timeout, Action<int>? progress, CancellationToken ct)
    {
        var start = _time.GetTimestamp();
        var missing = Pairs().ToList();
        while (missing.Count > 0 && _time.GetElapsedTime(start) < timeout)
        {
            // An echo without a route fails at once: the delay keeps the rounds apart.
            var pause = Task.Delay(RoundPause, _time, ct);
            var answers = await Task.WhenAll(missing.Select(async pair => (Pair: pair, Time: await PingAsync(pair, RoundPatience, ct))));
            var left = answers.Where(answer => answer.Time is null).Select(answer => answer.Pair).ToList();
            if (left.Count < missing.Count) progress?.Invoke(PairCount - left.Count);
            missing = left;
            if (missing.Count > 0) await pause;
        }
        return [.. missing.Select(pair => pair.ToString())];
    }

    /// <summary>A ping and a hashed transfer for each pair.</summary>
    public async Task<IReadOnlyList<PairResult>> CheckAsync(CancellationToken ct)
    {
        var servers = _groups.SelectMany(group => group).Select(point => TransferServer.Open(point.Machine)).ToArray();
        try
        {
            using var slots = new SemaphoreSlim(TransfersAtOnce);
            return await Task.WhenAll(Pairs().Select(pair => CheckAsync(pair, slots, ct)));
        }
        finally
        {
            foreach (var server in servers) server.Dispose();
        }
    }

    /// <summary>One ping for each pair, one after the other, so that none waits for another; null where it was lost.</summary>
    public async Task<IReadOnlyList<PairPing>> PingAsync(CancellationToken ct)
    {
        var pings = new List<PairPing>();
        foreach (var pair in Pairs())
            pings.Add(new PairPing(pair.From.Name, pair.To.Name, pair.FamilyNumber, await PingAsync(pair, PingTimeout, ct)));
        return pings;
    }

    public void Dispose()
    {
        foreach (var socket in _sockets.Values) socket.Dispose();
    }

    private async Task<PairResult> CheckAsync(Pair pair, SemaphoreSlim slots, CancellationToken ct)
    {
        await slots.WaitAsync(ct);
        try
        {
            var roundTrip = await PingAsync(pair, PingTimeout, ct);
            var problem = await TransferServer.TransferAsync(pair.From.Machine, pair.To.Address(pair.Family), TransferTimeout, ct);
            return new PairResult(
                pair.From.Name, pair.To.Name, pair.FamilyNumber, roundTrip is not null, problem is null,
                roundTrip is { } time ? (long)time.TotalMicroseconds : null, problem);
        }
        finally
        {
            slots.Release();
        }
    }

    private Task<TimeSpan?> PingAsync(Pair pair, TimeSpan timeout, CancellationToken ct) =>
        _sockets[(pair.From.Name, pair.Family)].EchoAsync(pair.To.Address(pair.Family), timeout, ct);

    private IEnumerable<Pair> Pairs() =>
        from points in _groups from a in points from b in points where a != b from family in Families select new Pair(a, b, family);

    private sealed record Pair(ReachPoint From, ReachPoint To, AddressFamily Family)
    {
        public int FamilyNumber => Family == AddressFamily.InterNetwork ? 4 : 6;

        public override string ToString() => $"{From.Name} -> {To.Name} IPv{FamilyNumber}";
    }
}
