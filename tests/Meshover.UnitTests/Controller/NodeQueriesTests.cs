using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Api;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

/// <summary>What an administrator asks of a node, up to the stream's two ends.</summary>
public sealed class NodeQueriesTests : IAsyncLifetime
{
    private const string Capability = "query-status";
    private static readonly Question Status = new(Capability, new NodeQuestion { Status = new StatusQuestion() });

    private readonly FakeStore _store = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
    private readonly LiveNodes _live;
    private MeshDirectory _directory = null!;
    private NodeQueries _queries = null!;

    public NodeQueriesTests() => _live = new LiveNodes(_time);

    public async ValueTask InitializeAsync()
    {
        _directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        await _directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        await _directory.ChangeAsync(draft => TokenRules.Create(draft, StoreFolder.Token), CancellationToken.None);
        await StoreFolder.EnrolAsync(_directory, "web-1");
        _queries = new NodeQueries(_directory, _live, _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _directory.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task Question_ThatIsNotAnsweredYet_HoldsNothingElseUp()
    {
        using var maps = new MapBroadcaster(_directory, TimeProvider.System);
        using var signer = new TokenSigner(CertificateAuthority.Create(_time.GetUtcNow()));
        using var updates = new MemberUpdates(_directory);
        using var stop = new CancellationTokenSource();
        await maps.StartAsync(CancellationToken.None);
        var issuer = new CredentialIssuer(_directory, signer, ConfigReader.Read(new ControllerConfig()), _time);
        var (session, wire, state) = (Open(1), new Wire(), _directory.State);
        var running = new FollowStream(session, _live, maps, issuer, updates, _time, wire, wire)
            .RunAsync(new MapCursor(state.Mesh.StoreId, state.Revision), _time.GetUtcNow() + issuer.Lifetime, stop.Token);

        var answer = Ask();
        var query = (await wire.HearAsync()).Query;
        Assert.Equal((1ul, 10_000u, NodeQuestion.KindOneofCase.Status), (query.Id, query.WithinMs, query.Question.KindCase));
        await _directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, draft.State.Mesh with { Controllers = ["192.0.2.9:1"] }), CancellationToken.None);
        Assert.Equal(["192.0.2.9:1"], (await wire.HearAsync()).Delta.Settings.Controllers);
        session.Notify(Notice.Types.Kind.NotGranted, "said");
        Assert.Equal("said", (await wire.HearAsync()).Notice.Text);
        wire.Say(new NodeMessage { Status = new NodeStatus { Site = "tokyo" } });
        await UntilAsync(() => _live.State.Node(1)!.Report.Site == "tokyo");
        Assert.False(answer.IsCompleted);

        wire.Say(Answer(query.Id, "web-1"));
        Assert.Equal("web-1", HostNameOf(await answer));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await maps.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Node_ThatIsNotConnected_IsNotAsked()
    {
        Assert.Contains("not been since the controller's start", await RefusedAsync(RefusalReason.Unanswered, Ask()), StringComparison.Ordinal);
        _live.Close(Open(1));
        Assert.Contains("was last heard at 2027-", await RefusedAsync(RefusalReason.Unanswered, Ask()), StringComparison.Ordinal);
        await RefusedAsync(RefusalReason.NotFound, _queries.AskAsync("nobody", Status, CancellationToken.None));
        await Assert.ThrowsAsync<InvalidRequestException>(() => _queries.AskAsync("", Status, CancellationToken.None));
    }

    [Fact]
    public async Task Agent_WithoutTheCapability_IsNotAsked()
    {
        var session = new NodeSession(1, "A", "0.1.0", null) { Capabilities = ["query-peers"] };
        _live.Open(session, ReportedState.Nothing);
        Assert.Contains("(0.1.0) is too old", await RefusedAsync(RefusalReason.Precondition, Ask()), StringComparison.Ordinal);
        Assert.False(session.Queries.TryTake(out _));
    }

    /// <summary>Who ordered it and why stands in the audit before the node hears of it, and what cannot be ordered is not in it.</summary>
    [Fact]
    public async Task Order_StandsInTheAuditBeforeItIsSent_AndOnlyIfItCanBe()
    {
        var order = new Question("query-drain", new NodeQuestion { Drain = new DrainOrder { On = true } });
        await RefusedAsync(RefusalReason.Unanswered, OrderAsync());
        Open(1);
        await RefusedAsync(RefusalReason.Precondition, OrderAsync());
        var audit = new AuditLog(_directory);
        Assert.DoesNotContain((await audit.ListAsync(new AuditQuery(50), CancellationToken.None)).Records, record => record.Record.Operation == "node.drain");

        var session = new NodeSession(1, "A", "0.1.0", null) { Capabilities = ["query-drain"] };
        _live.Open(session, ReportedState.Nothing);
        var ordered = OrderAsync();
        Query? sent = null;
        await UntilAsync(() => session.Queries.TryTake(out var message) && (sent = message.Query) is not null);
        var record = (await audit.ListAsync(new AuditQuery(1), CancellationToken.None)).Records.Single().Record;
        Assert.Equal(("olga (console, from 192.0.2.7)", "node.drain", "node 1 (web-1)", "a reboot"), (record.Actor, record.Operation, record.Object, record.Reason));
        Assert.True(sent!.Question.Drain.On);
        Assert.False(ordered.IsCompleted);
        session.Queries.Take(new QueryResult { Id = sent.Id, Answer = new NodeAnswer { Drain = new DrainAnswer() }.ToByteString() });
        await ordered;

        // A node that goes takes the order along.
        await _directory.ChangeAsync(draft => Departure.Leave(draft, draft.State.Nodes[1].Record), CancellationToken.None);
        Assert.Null(_directory.State.Get<OrderRecord>(StoreKeys.Order(1)));

        Task<ReadOnlyMemory<byte>> OrderAsync() => _queries.OrderAsync(Actor.Console("olga", "192.0.2.7"), Reason.Of("a reboot"), Operation.DrainNode, "drain", "web-1", order, CancellationToken.None);
    }

    /// <summary>Who reads the audit sees that it was not done, and why, behind what was ordered.</summary>
    [Fact]
    public async Task Order_ThatTheNodeRefuses_StandsInTheAuditWithItsRefusal()
    {
        var order = new Question("query-announce", new NodeQuestion { Announce = new AnnounceOrder { Prefix = "10.9.0.1/32", Mode = "plain" } });
        var session = new NodeSession(1, "A", "0.1.0", null) { Capabilities = ["query-announce"] };
        _live.Open(session, ReportedState.Nothing);
        var ordered = _queries.OrderAsync(Actor.Console("olga", "192.0.2.7"), Reason.Of("a service"), Operation.AnnounceAtNode, "announce 10.9.0.1/32", "web-1", order, CancellationToken.None);
        Query? sent = null;
        await UntilAsync(() => session.Queries.TryTake(out var message) && (sent = message.Query) is not null);
        session.Queries.Take(new QueryResult { Id = sent!.Id, Failure = new QueryFailure { Kind = QueryFailure.Types.Kind.Failed, Text = "10.9.0.1/32 is in the settings (announcements): change it there." } });
        await RefusedAsync(RefusalReason.Precondition, ordered);

        var records = (await new AuditLog(_directory).ListAsync(new AuditQuery(2), CancellationToken.None)).Records.Select(view => view.Record).ToList();
        Assert.Equal(("node.refuse", "olga (console, from 192.0.2.7)", "node 1 (web-1)"), (records[0].Operation, records[0].Actor, records[0].Object));
        Assert.Contains("is in the settings", records[0].After, StringComparison.Ordinal);
        Assert.Equal(("node.announce", "a service"), (records[1].Operation, records[1].Reason));
        Assert.Contains("announce 10.9.0.1/32", records[1].After, StringComparison.Ordinal);
        Assert.DoesNotContain("refused", records[1].After, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_ThatComesTooLate_IsDropped_AndNoLaterQuestionGetsIt()
    {
        var session = Open(1);
        var first = Ask();
        var late = Take(session);
        _time.Advance(NodeQueries.Within);
        Assert.Contains("did not answer within 10 s", await RefusedAsync(RefusalReason.Unanswered, first), StringComparison.Ordinal);

        var second = Ask();
        session.Queries.Take(Answer(late.Id, "late").Result);
        session.Queries.Take(Answer(Take(session).Id, "mine").Result);
        Assert.Equal("mine", HostNameOf(await second));
    }

    [Fact]
    public async Task Question_ThatNobodyWaitsForAnyMore_IsNotSent_AndOneThatWaitedSaysHowLongThereIs()
    {
        var session = Open(1);
        using var given = new CancellationTokenSource();
        var first = _queries.AskAsync("web-1", Status, given.Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var second = Ask();
        _time.Advance(TimeSpan.FromSeconds(4));
        var query = Take(session);
        Assert.Equal((2ul, 6_000u), (query.Id, query.WithinMs));
        Assert.False(session.Queries.TryTake(out _));
        Assert.False(second.IsCompleted);
    }

    [Theory]
    [InlineData(true, "The node opened another stream. It had not answered yet")]
    [InlineData(false, "The node's connection ended. It had not answered yet")]
    public async Task Stream_ThatEnds_FailsWhatWaitsForIt_AtOnce_AndTakesNothingMore(bool isSuperseded, string said)
    {
        var session = Open(1);
        Task<ReadOnlyMemory<byte>>[] waiting = [Ask(), Ask()];
        if (isSuperseded)
            Open(1);
        else
            _live.Close(session);

        foreach (var one in waiting)
            Assert.StartsWith(said, await RefusedAsync(RefusalReason.Unanswered, one), StringComparison.Ordinal);
        await RefusedAsync(RefusalReason.Unanswered, session.AskAsync(Status, NodeQueries.Within, _time, CancellationToken.None));
    }

    [Fact]
    public async Task Questions_AreBounded_OfOneNodeAndOfAll()
    {
        for (uint node = 2; node <= 17; node++)
            await StoreFolder.EnrolAsync(_directory, $"web-{node}");
        var sessions = Enumerable.Range(1, 17).Select(node => Open((uint)node)).ToList();
        var waiting = Enumerable.Range(1, 16).SelectMany(node => Enumerable.Range(0, StreamQueries.Most).Select(_ => Ask($"web-{node}"))).ToList();

        Assert.Contains("64 questions wait", await RefusedAsync(RefusalReason.Unanswered, Ask("web-17")), StringComparison.Ordinal);
        sessions[1].Queries.Take(Answer(Take(sessions[1]).Id, "web-2").Result);
        await waiting[StreamQueries.Most];
        Assert.Contains("was asked 4 times", await RefusedAsync(RefusalReason.Unanswered, Ask("web-1")), StringComparison.Ordinal);
        var seventeenth = Ask("web-17");
        Assert.False(seventeenth.IsCompleted);
        sessions.ForEach(_live.Close);
        await RefusedAsync(RefusalReason.Unanswered, seventeenth);
    }

    [Theory]
    [InlineData(QueryFailure.Types.Kind.Busy, nameof(RefusalReason.Unanswered))]
    [InlineData(QueryFailure.Types.Kind.Failed, nameof(RefusalReason.Precondition))]
    public async Task Failure_OfTheNodesOwn_IsToldInItsWords(QueryFailure.Types.Kind kind, string reason)
    {
        var session = Open(1);
        var answer = Ask();
        session.Queries.Take(new QueryResult { Id = Take(session).Id, Failure = new QueryFailure { Kind = kind, Text = "It has no hands." } });
        Assert.Equal("The node gives no answer. It has no hands.", await RefusedAsync(Enum.Parse<RefusalReason>(reason), answer));
    }

    [Fact]
    public void Answer_OfAnotherKind_OrOfNone_IsNone()
    {
        Assert.Equal(Capability, AdminMapping.ToQuestion(Status.Content).Capability);
        Assert.Throws<InvalidRequestException>(() => AdminMapping.ToQuestion(null));
        Assert.Throws<InvalidRequestException>(() => AdminMapping.ToQuestion(new NodeQuestion()));

        var peers = new NodeAnswer { Peers = new PeersAnswer() }.ToByteArray();
        Assert.NotNull(AdminMapping.ToAnswer(peers, new NodeQuestion { Peers = new PeersQuestion() }).Peers);
        foreach (var wrong in (byte[][])[peers, [], [0xff, 1, 2]])
            Assert.Throws<RefusalException>(() => AdminMapping.ToAnswer(wrong, Status.Content));
    }

    private Task<ReadOnlyMemory<byte>> Ask(string node = "web-1") => _queries.AskAsync(node, Status, CancellationToken.None);

    private NodeSession Open(uint node)
    {
        var session = new NodeSession(node, "A", "0.1.0", null) { Capabilities = [Capability] };
        _live.Open(session, ReportedState.Nothing);
        return session;
    }

    private static Query Take(NodeSession session)
    {
        Assert.True(session.Queries.TryTake(out var message));
        return message.Query;
    }

    private static NodeMessage Answer(ulong id, string hostName) => new()
    {
        Result = new QueryResult { Id = id, Answer = new NodeAnswer { Status = new AgentStatus { Hostname = hostName } }.ToByteString() },
    };

    private static string HostNameOf(ReadOnlyMemory<byte> answer) => AdminMapping.ToAnswer(answer.Span, Status.Content).Status.Hostname;

    private static async Task<string> RefusedAsync(RefusalReason reason, Task asking)
    {
        var refused = await Assert.ThrowsAsync<RefusalException>(() => asking);
        Assert.Equal(reason, refused.Reason);
        return refused.Message;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    /// <summary>Both ways of a stream.</summary>
    private sealed class Wire : IAsyncStreamReader<NodeMessage>, IServerStreamWriter<ControllerFrame>
    {
        private readonly Channel<NodeMessage> _up = Channel.CreateUnbounded<NodeMessage>();
        private readonly Channel<ControllerMessage> _down = Channel.CreateUnbounded<ControllerMessage>();

        public NodeMessage Current { get; private set; } = new();

        public WriteOptions? WriteOptions { get; set; }

        public void Say(NodeMessage message) => _up.Writer.TryWrite(message);

        public async Task<ControllerMessage> HearAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
            return await _down.Reader.ReadAsync(limit.Token);
        }

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            Current = await _up.Reader.ReadAsync(cancellationToken);
            return true;
        }

        public Task WriteAsync(ControllerFrame message)
        {
            _down.Writer.TryWrite(ControllerMessage.Parser.ParseFrom(message.Bytes));
            return Task.CompletedTask;
        }

        public Task WriteAsync(ControllerFrame message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}
