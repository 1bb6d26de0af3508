using System.Diagnostics.CodeAnalysis;
using Meshover.Contract.V1;
using Meshover.Controller.Membership;

namespace Meshover.Controller.Live;

/// <summary>
/// The questions to one stream's node that wait for an answer. They are kept apart from what else is to be sent, so that they push nothing out; one
/// that nobody waits for any more is not sent, and its answer is dropped. Thread-safe.
/// </summary>
internal sealed class StreamQueries
{
    /// <summary>At a time.</summary>
    public const int Most = 4;

    /// <summary>Bytes. Half of the longest message that a node may send.</summary>
    public const int LongestAnswer = 512 * 1024;

    private readonly Lock _lock = new();
    private readonly List<Pending> _pending = [];
    private ulong _last;
    private string? _ended;

    /// <returns>A <see cref="NodeAnswer"/>, as bytes.</returns>
    /// <exception cref="RefusalException">There are too many, the stream ends first, no answer comes in time, or the node could not give one.</exception>
    public async Task<ReadOnlyMemory<byte>> AskAsync(Question question, TimeSpan within, TimeProvider time, CancellationToken cancel)
    {
        var pending = Add(question, within, time);
        try
        {
            return await pending.Answer.Task.WaitAsync(within, time, cancel);
        }
        catch (TimeoutException)
        {
            throw new RefusalException(RefusalReason.Unanswered,
                $"The node did not answer within {within.TotalSeconds:0} s. Where `meshover node list` still shows it as online, its agent's log says more.")
            {
                MayBeDone = IsSent(pending),
            };
        }
        finally
        {
            lock (_lock)
                _pending.Remove(pending);
        }
    }

    /// <summary>The next that is to be sent. For the stream's writer.</summary>
    public bool TryTake([NotNullWhen(true)] out ControllerMessage? message)
    {
        lock (_lock)
        {
            var next = _pending.Find(pending => !pending.IsSent);
            message = next?.Send();
            return message is not null;
        }
    }

    /// <summary>The node has answered. Waits for nobody.</summary>
    public void Take(QueryResult result)
    {
        lock (_lock)
            _pending.Find(pending => pending.Id == result.Id)?.Take(result);
    }

    /// <summary>No answer comes any more, and nothing can be asked.</summary>
    /// <param name="why">A sentence; the first one counts.</param>
    public void End(string why)
    {
        lock (_lock)
        {
            _ended ??= why;
            foreach (var pending in _pending)
                pending.Answer.TrySetException(Ended(_ended, pending.IsSent));
        }
    }

    private Pending Add(Question question, TimeSpan within, TimeProvider time)
    {
        lock (_lock)
        {
            if (_ended is { } why)
                throw Ended(why, isSent: false);
            if (_pending.Count >= Most)
                throw new RefusalException(RefusalReason.Unanswered, $"The node was asked {Most} times and has not answered yet: ask again in a moment.");
            var pending = new Pending(++_last, question, within, time);
            _pending.Add(pending);
            return pending;
        }
    }

    private bool IsSent(Pending pending)
    {
        lock (_lock)
            return pending.IsSent;
    }

    private static RefusalException Ended(string why, bool isSent) => new(RefusalReason.Unanswered, $"{why} It had not answered yet: ask again in a moment.") { MayBeDone = isSent };

    private sealed class Pending(ulong id, Question question, TimeSpan within, TimeProvider time)
    {
        private readonly long _began = time.GetTimestamp();

        public ulong Id => id;

        public bool IsSent { get; private set; }

        public TaskCompletionSource<ReadOnlyMemory<byte>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ControllerMessage Send()
        {
            IsSent = true;
            var left = within - time.GetElapsedTime(_began);
            return new ControllerMessage
            {
                Query = new Query { Id = id, WithinMs = (uint)Math.Max(1, left.TotalMilliseconds), LongestAnswer = LongestAnswer, Question = question.Content },
            };
        }

        public void Take(QueryResult result)
        {
            if (result.ResultCase == QueryResult.ResultOneofCase.Answer)
                Answer.TrySetResult(result.Answer.Memory);
            else
                Answer.TrySetException(new RefusalException(ReasonOf(result.Failure), $"The node gives no answer. {result.Failure?.Text}"));
        }

        private static RefusalReason ReasonOf(QueryFailure? failure) =>
            failure?.Kind == QueryFailure.Types.Kind.Busy ? RefusalReason.Unanswered : RefusalReason.Precondition;
    }
}
