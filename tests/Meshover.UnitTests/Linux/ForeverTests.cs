using Meshover.Linux.Background;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Linux;

public sealed class ForeverTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<DateTimeOffset> _begun = [];
    private readonly CancellationTokenSource _stop = new();

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task Run_BodyFailsAtOnceEachTime_BeginsAnewAfterPausesThatDoubleUpToAMinute()
    {
        var running = RunAsync(_ => throw new InvalidOperationException("out of descriptors"));
        await BegunAsync(8);
        Assert.Equal([1, 2, 4, 8, 16, 32, 60], _begun.Zip(_begun.Skip(1), (a, b) => (int)Math.Round((b - a).TotalSeconds)).Take(7));
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_BodyThatEndsWithoutAWord_BeginsAnewToo()
    {
        var running = RunAsync(_ => Task.CompletedTask);
        await BegunAsync(2);
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_BodyFailsAfterALongLife_BeginsAnewAfterASecond()
    {
        var running = RunAsync(async ct =>
        {
            await Task.Delay(_begun.Count == 5 ? TimeSpan.FromMinutes(2) : TimeSpan.Zero, _time, ct);
            throw new InvalidOperationException();
        });
        await BegunAsync(6);
        Assert.Equal(121, (int)Math.Round((_begun[5] - _begun[4]).TotalSeconds));
        await StopAsync(running);
    }

    [Fact]
    public async Task Run_Cancelled_EndsWithoutAnException()
    {
        var running = RunAsync(ct => Task.Delay(Timeout.InfiniteTimeSpan, _time, ct));
        await BegunAsync(1);
        await StopAsync(running);
    }

    private Task RunAsync(Func<CancellationToken, Task> body) => Forever.RunAsync("a task", ct =>
    {
        _begun.Add(_time.GetUtcNow());
        return body(ct);
    }, NullLogger.Instance, _time, _stop.Token);

    /// <summary>The fake clock cannot say who waits for it, so it is moved on in small steps.</summary>
    private async Task BegunAsync(int times)
    {
        while (_begun.Count < times)
        {
            await Task.Yield();
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    private async Task StopAsync(Task running)
    {
        await _stop.CancelAsync();
        await running;
        _stop.Dispose();
    }
}
