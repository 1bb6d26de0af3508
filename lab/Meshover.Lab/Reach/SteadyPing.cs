using System.Net;
using Meshover.Lab.Machines;

namespace Meshover.Lab.Reach;

/// <summary>A steady ping from one machine to an address, whose losses are counted.</summary>
public sealed class SteadyPing : IAsyncDisposable
{
    /// <summary>Between two echoes, where nothing else is asked for: 20 a second.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    // An answer that takes longer than this counts as lost.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly CancellationTokenSource _stop = new();
    private readonly EchoSocket _socket;
    private readonly IPAddress _target;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly string _name;
    private readonly Task<PingReport> _run;

    private SteadyPing(string name, EchoSocket socket, IPAddress target, TimeSpan interval, TimeProvider time)
    {
        (_name, _socket, _target, _interval, _time) = (name, socket, target, interval, time);
        _run = Task.Run(RunAsync);
    }

    public static SteadyPing Start(Machine from, IPAddress target, TimeProvider time) => Start(from, target, Interval, time);

    /// <param name="interval">Between two echoes; whole milliseconds, as timers are no finer.</param>
    public static SteadyPing Start(Machine from, IPAddress target, TimeSpan interval, TimeProvider time) =>
        new($"{from.Name} -> {target}", EchoSocket.Open(from, target.AddressFamily, time), target, interval, time);

    /// <summary>Sends no more, waits for the last answers and counts.</summary>
    public async Task<PingReport> StopAsync()
    {
        await _stop.CancelAsync();
        return await _run;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task<PingReport> RunAsync()
    {
        var sent = new List<(TimeSpan At, Task<TimeSpan?> Answer)>();
        var start = _time.GetTimestamp();
        using var timer = new PeriodicTimer(_interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                sent.Add((_time.GetElapsedTime(start), _socket.EchoAsync(_target, Patience, CancellationToken.None)));
        }
        catch (OperationCanceledException)
        {
            // StopAsync: now the last answers.
        }
        var answers = await Task.WhenAll(sent.Select(each => each.Answer));
        return PingReport.Of(_name, [.. sent.Zip(answers, (each, answer) => (each.At, answer))]);
    }
}
