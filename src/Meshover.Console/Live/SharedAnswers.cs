using Meshover.Console.UseCases;

namespace Meshover.Console.Live;

/// <summary>Of all answers that are shared.</summary>
internal static class AnswerPace
{
    /// <summary>An answer is the newest for so long.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(4);
}

/// <summary>
/// Answers that cost nodes something: each is fetched once for all who look at the same, and again after some seconds; and few at a time, so that
/// administrators' own questions have room beside those of pages.
/// </summary>
/// <param name="fetch">Asks.</param>
/// <param name="time">Of freshness and patience.</param>
/// <param name="most">That are fetched at a time.</param>
public abstract class SharedAnswers<T>(Func<string, CancellationToken, Task<T>> fetch, TimeProvider time, int most)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);
    private const int MostKept = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Asked> _asked = new(StringComparer.Ordinal);
    private int _waiting;

    /// <exception cref="ConsoleRefusalException">It cannot be asked, does not answer, or too many are asked.</exception>
    public Task<T> AskAsync(string key, CancellationToken cancel)
    {
        Task<T> answer;
        lock (_lock)
        {
            if (!_asked.TryGetValue(key, out var asked) || !IsFresh(asked))
            {
                if (_asked.Count >= MostKept)
                    ForgetLocked();
                _asked[key] = asked = new Asked(time.GetTimestamp(), FetchAsync(key));
            }
            answer = asked.Answer;
        }
        return answer.WaitAsync(cancel);
    }

    private bool IsFresh(Asked asked) => !asked.Answer.IsCompleted || time.GetElapsedTime(asked.At) < AnswerPace.Fresh;

    private async Task<T> FetchAsync(string key)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > most)
                throw new ConsoleRefusalException($"{most} such questions wait for their answers: this one's comes in a moment.");
            using var end = new CancellationTokenSource(Patience, time);
            return await fetch(key, end.Token);
        }
        catch (OperationCanceledException)
        {
            throw new ConsoleRefusalException("There was no answer in time.");
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private void ForgetLocked()
    {
        foreach (var (key, _) in _asked.Where(asked => !IsFresh(asked.Value)).ToList())
            _asked.Remove(key);
    }

    private sealed record Asked(long At, Task<T> Answer);
}
