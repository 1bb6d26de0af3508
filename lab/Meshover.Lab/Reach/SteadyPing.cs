using System.Net;
using Meshover.Lab.Machines;

namespace Meshover.Lab.Reach;

/// <summary>A steady ping from one machine to an address, 20 a second, whose losses are counted.</summary>
public sealed class SteadyPing : IAsyncDisposable
{
    /// <summary>Between two echoes.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    // An answer that takes longer than this counts as lost.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly CancellationTokenSource _stop = new();
    private readonly EchoSocket _socket;
    private readonly IPAddress _target;
    private readonly TimeProvider _time;
    private readonly string _name;
    private readonly Task<PingReport> _run;

    private SteadyPing(string name, EchoSocket socket, IPAddress target, TimeProvider time)
    {
        (_name, _socket, _target, _time) = (name, socket, target, time);
        _run = Task.Run(RunAsync);
    }

    public static SteadyPing Start(Machine from, IPAddress target, TimeProvider time) =>
        new($"{from.Name} -> {target}", EchoSocket.Open(from, target.AddressFamily, time), target, time);

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
        using var timer = new PeriodicTimer(Interval, _time);
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
