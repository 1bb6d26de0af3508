using System.Collections.Immutable;
using Meshover.Agent.ControllerLink.Queries;
using Meshover.Contract.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Failure = Meshover.Contract.V1.QueryFailure.Types.Kind;

namespace Meshover.UnitTests.Agent.ControllerLink;

public sealed class QueryDeskTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Question_IsAnsweredByTheHandlerOfItsKind()
    {
        var desk = Desk((question, longest, _) => Task.FromResult(new NodeAnswer { Peers = new PeersAnswer { More = longest == 100 && question.Peers.Above == 7 } }));
        Assert.Equal(["query-peers"], desk.Capabilities);

        var result = await desk.AnswerAsync(Asking(), CancellationToken.None);

        Assert.Equal(5ul, result.Id);
        Assert.True(NodeAnswer.Parser.ParseFrom(result.Answer).Peers.More);
    }

    [Fact]
    public async Task Question_OfAKindThatIsNotKnown_IsSaidToBeThat()
    {
        var desk = Desk((_, _, _) => Task.FromResult(new NodeAnswer()));
        await FailedAsync(Failure.Unknown, "does not know this kind", desk.AnswerAsync(new Query { Question = new NodeQuestion { Status = new StatusQuestion() } }, CancellationToken.None));
        await FailedAsync(Failure.Unknown, "does not know this kind", desk.AnswerAsync(new Query(), CancellationToken.None));
    }

    [Fact]
    public async Task Answer_ThatIsTooLong_IsNotSent()
    {
        var desk = Desk((_, _, _) => Task.FromResult(new NodeAnswer { Peers = new PeersAnswer { Peers = { new PeerStatus { Hostname = new string('x', 100) } } } }));
        await FailedAsync(Failure.Failed, "bytes, of which the controller takes at most 100.", desk.AnswerAsync(Asking(), CancellationToken.None));
    }

    [Fact]
    public async Task Handler_ThatThrows_IsTold_InWordsThatCanBePrinted()
    {
        var desk = Desk((_, _, _) => throw new IOException("no\n\e[31mhands " + new string('x', 1_000)));
        var text = await FailedAsync(Failure.Failed, "no??[31mhands", desk.AnswerAsync(Asking(), CancellationToken.None));
        Assert.Equal(500, text.Length);
    }

    [Fact]
    public async Task Handler_ThatTakesTooLong_IsGivenUp_AndCountsUntilItEnds()
    {
        var go = new TaskCompletionSource<NodeAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var begun = new SemaphoreSlim(0);
        var desk = Desk((_, _, _) =>
        {
            begun.Release();
            return go.Task; // it does not heed its token
        });
        var asked = Enumerable.Range(0, QueryDesk.AtOnce).Select(_ => desk.AnswerAsync(Asking(), CancellationToken.None)).ToList();
        for (var one = 0; one < QueryDesk.AtOnce; one++)
            Assert.True(await begun.WaitAsync(Patience)); // one that has not begun when its time is over never does
        await FailedAsync(Failure.Busy, "answers 4 questions already", desk.AnswerAsync(Asking(), CancellationToken.None));

        _time.Advance(TimeSpan.FromSeconds(2));
        foreach (var one in asked)
            await FailedAsync(Failure.Failed, "not done within 2 s", one);
        await FailedAsync(Failure.Busy, "answers 4 questions already", desk.AnswerAsync(Asking(), CancellationToken.None));

        go.SetResult(new NodeAnswer { Peers = new PeersAnswer() });
        var started = TimeProvider.System.GetTimestamp();
        while ((await desk.AnswerAsync(Asking(), CancellationToken.None)).Failure is not null)
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience);
    }

    [Fact]
    public async Task Stream_ThatEnds_EndsWhatIsUnderWay()
    {
        var (begun, ended) = (NewSignal(), NewSignal());
        var desk = Desk(async (_, _, ct) =>
        {
            await using var end = ct.Register(ended.SetResult);
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, ct);
            return new NodeAnswer();
        });
        using var stream = new CancellationTokenSource();
        var answering = desk.AnswerAsync(Asking(), stream.Token);
        await begun.Task.WaitAsync(Patience);
        await stream.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answering.WaitAsync(Patience));
        await ended.Task.WaitAsync(Patience);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private QueryDesk Desk(QueryHandler peers) =>
        new(ImmutableDictionary<NodeQuestion.KindOneofCase, QueryHandler>.Empty.Add(NodeQuestion.KindOneofCase.Peers, peers), NullLogger.Instance, _time);

    private static Query Asking() =>
        new() { Id = 5, WithinMs = 2_000, LongestAnswer = 100, Question = new NodeQuestion { Peers = new PeersQuestion { Above = 7 } } };

    private static async Task<string> FailedAsync(Failure kind, string said, Task<QueryResult> answering)
    {
        var failure = (await answering.WaitAsync(Patience)).Failure;
        Assert.Equal(kind, failure.Kind);
        Assert.Contains(said, failure.Text, StringComparison.Ordinal);
        return failure.Text;
    }
}
