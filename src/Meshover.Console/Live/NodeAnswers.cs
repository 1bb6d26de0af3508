using System.Collections.Concurrent;
using Meshover.Console.UseCases;

namespace Meshover.Console.Live;

/// <summary>
/// What nodes say of themselves: asked once for all who look at one, and again after some seconds; and of few nodes at a time, so that administrators' own
/// questions have room beside those of pages.
/// </summary>
public sealed class NodeAnswers(IMeshPort port, TimeProvider time)
{
    /// <summary>Nodes that are asked at a time.</summary>
    public const int Most = 16;

    /// <summary>An answer is the newest for so long.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);
    private const int MostKept = 256;

    private readonly ConcurrentDictionary<string, Asked> _asked = new(StringComparer.Ordinal);
    private int _waiting;

    /// <exception cref="ConsoleRefusalException">It cannot be asked, does not answer, or too many are asked.</exception>
    public Task<NodeReport> AskAsync(string node, CancellationToken cancel)
    {
        var asked = _asked.AddOrUpdate(node, Begin, (_, former) => former.Answer is { IsValueCreated: true, Value.IsCompleted: false } || time.GetElapsedTime(former.At) < Fresh ? former : Begin(node));
        if (_asked.Count > MostKept)
            Forget();
        return asked.Answer.Value.WaitAsync(cancel);
    }

    private Asked Begin(string node) => new(time.GetTimestamp(), new Lazy<Task<NodeReport>>(() => FetchAsync(node)));

    private async Task<NodeReport> FetchAsync(string node)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > Most)
                throw new ConsoleRefusalException($"{Most} nodes are being asked: this one's answer comes in a moment.");
            using var end = new CancellationTokenSource(Patience, time);
            return await port.AskNodeAsync(node, end.Token);
        }
        catch (OperationCanceledException)
        {
            throw new ConsoleRefusalException("The node did not answer in time.");
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private void Forget()
    {
        foreach (var (node, asked) in _asked)
        {
            if (asked.Answer is { IsValueCreated: true, Value.IsCompleted: true } && time.GetElapsedTime(asked.At) >= Fresh)
                _asked.TryRemove(node, out _);
        }
    }

    private sealed record Asked(long At, Lazy<Task<NodeReport>> Answer);
}
