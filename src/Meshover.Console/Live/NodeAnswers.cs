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

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Asked> _asked = new(StringComparer.Ordinal);
    private int _waiting;

    /// <exception cref="ConsoleRefusalException">It cannot be asked, does not answer, or too many are asked.</exception>
    public Task<NodeReport> AskAsync(string node, CancellationToken cancel)
    {
        Task<NodeReport> answer;
        lock (_lock)
        {
            if (!_asked.TryGetValue(node, out var asked) || !IsFresh(asked))
            {
                if (_asked.Count >= MostKept)
                    ForgetLocked();
                _asked[node] = asked = new Asked(time.GetTimestamp(), FetchAsync(node));
            }
            answer = asked.Answer;
        }
        return answer.WaitAsync(cancel);
    }

    private bool IsFresh(Asked asked) => !asked.Answer.IsCompleted || time.GetElapsedTime(asked.At) < Fresh;

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

    private void ForgetLocked()
    {
        foreach (var (node, _) in _asked.Where(asked => !IsFresh(asked.Value)).ToList())
            _asked.Remove(node);
    }

    private sealed record Asked(long At, Task<NodeReport> Answer);
}
