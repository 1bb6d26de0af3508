using System.Collections.Immutable;
using Google.Protobuf;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;
using Microsoft.Extensions.Logging;
using Failure = Meshover.Contract.V1.QueryFailure.Types.Kind;

namespace Meshover.Agent.ControllerLink.Queries;

/// <summary>Answers what the controller asks, so many questions at a time, each within its time. Outlives the streams. Thread-safe.</summary>
/// <param name="handlers">By kind of question.</param>
/// <param name="logger">Of what fails.</param>
/// <param name="time">Of the deadlines.</param>
internal sealed partial class QueryDesk(ImmutableDictionary<NodeQuestion.KindOneofCase, QueryHandler> handlers, ILogger logger, TimeProvider time)
{
    /// <summary>A handler that goes on after its time counts until it ends.</summary>
    public const int AtOnce = 4;

    private const int LongestText = 500;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private int _working;

    /// <summary>For the hello: what may be asked.</summary>
    public IEnumerable<string> Capabilities => handlers.Keys.Select(kind => ContractRevision.Answers(kind.ToString()));

    /// <exception cref="OperationCanceledException">The stream has ended.</exception>
    public async Task<QueryResult> AnswerAsync(Query query, CancellationToken cancellationToken)
    {
        if (!handlers.TryGetValue(query.Question?.KindCase ?? NodeQuestion.KindOneofCase.None, out var handler))
            return Fail(query, Failure.Unknown, $"Its agent ({AgentHello.Version}) does not know this kind of question.");
        var within = TimeSpan.FromMilliseconds(Math.Min(query.WithinMs, Longest.TotalMilliseconds));
        using var limit = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await TryHandleAsync(handler, query, either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Fail(query, Failure.Failed, $"It was not done within {within.TotalSeconds:0.#} s.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(logger, query.Question!.KindCase, e);
            return Fail(query, Failure.Failed, e.Message);
        }
    }

    private async Task<QueryResult> TryHandleAsync(QueryHandler handler, Query query, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _working) > AtOnce)
                return Fail(query, Failure.Busy, $"It answers {AtOnce} questions already.");
            // Not on the task that reads the stream, for what comes before its first wait may take long, too.
            var answer = await Task.Run(() => handler(query.Question, (int)Math.Min(query.LongestAnswer, int.MaxValue), cancellationToken), cancellationToken);
            return answer.CalculateSize() is var size && size > query.LongestAnswer
                ? Fail(query, Failure.Failed, $"The answer has {size} bytes, of which the controller takes at most {query.LongestAnswer}.")
                : new QueryResult { Id = query.Id, Answer = answer.ToByteString() };
        }
        finally
        {
            Interlocked.Decrement(ref _working);
        }
    }

    private static QueryResult Fail(Query query, Failure kind, string text) =>
        new() { Id = query.Id, Failure = new QueryFailure { Kind = kind, Text = Printable(text) } };

    // A controller ends the stream of a node that says what cannot be printed.
    private static string Printable(string text) => string.Concat(text.Take(LongestText).Select(c => c is >= ' ' and <= '~' ? c : '?'));

    [LoggerMessage(Level = LogLevel.Warning, Message = "A question of the controller ({Kind}) was not answered")]
    private static partial void LogFailed(ILogger logger, NodeQuestion.KindOneofCase kind, Exception exception);
}
