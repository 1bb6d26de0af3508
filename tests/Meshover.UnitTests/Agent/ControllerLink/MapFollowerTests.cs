using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Grpc.Core;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.ControllerLink.Queries;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Trust;
using Meshover.UnitTests.Mesh;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent.ControllerLink;

public sealed class MapFollowerTests
{
    private static readonly NodeIdentity Identity = IdentityFactory.Create("n1", TimeProvider.System) with { Credential = "jwt" };

    private static readonly NodeReport Report = new()
    {
        HostName = "n1",
        ListenPort = 12912,
        PublicKeys = [TestMesh.Node(1).WireGuardKeys[0]],
        Site = "tokyo",
        Transit = Meshover.Mesh.Map.TransitRole.Auto,
    };

    private readonly FakeTimeProvider _time = new();
    private readonly FakeController _controller = new();
    private readonly ReportBoard _board = new(Report);
    private readonly Channel<LinkEvent> _events = Channel.CreateUnbounded<LinkEvent>();
    private readonly TaskCompletionSource<NodeAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MapFollower _follower;

    public MapFollowerTests() =>
        _follower = new MapFollower(_controller.Client, () => "192.0.2.100:12913", _board, Desk(), "instance", (message, ct) => _events.Writer.WriteAsync(message, ct));

    [Fact]
    public async Task Run_FirstMessage_SaysWhoWeAreWhichMapWeHaveAndTheWholeReport()
    {
        _follower.Map = TestMesh.Full(2);
        var running = Start();
        var hello = (await _controller.HearAsync()).Hello;
        Assert.Equal(("jwt", "store", 7, "instance", "tokyo"), (hello.Credential, hello.StoreId, hello.Revision, hello.InstanceId, hello.Status.Site));
        Assert.Equal((ContractRevision.Current, ContractRevision.Oldest), (hello.Hello.Contract, hello.Hello.ContractOldest));
        Welcome(ContractRevision.Current);
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_SnapshotAndDelta_EachGivesAWholeMap()
    {
        var running = await WelcomedAsync();
        _controller.Say(new ControllerMessage { Snapshot = WireFormat.FromMap(TestMesh.Full(2)) });
        Assert.Equal(2, (await NextAsync<LinkEvent.MapReceived>()).Map.Nodes.Count);
        _controller.Say(new ControllerMessage { Delta = Delta(7, 9, upsert: 3, removal: 1) });
        var map = (await NextAsync<LinkEvent.MapReceived>()).Map;
        Assert.Equal((9, "n2 n3"), (map.Revision, string.Join(' ', map.Nodes.Values.Select(node => node.HostName))));
        Assert.Same(map, _follower.Map);
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_DeltaThatDoesNotFit_EndsTheStreamAndTheNextAsksForASnapshot()
    {
        _follower.Map = TestMesh.Full(2);
        var running = await WelcomedAsync();
        _controller.Say(new ControllerMessage { Delta = Delta(8, 9, upsert: 3, removal: 1) });
        Assert.Contains("a delta from revision 8 does not fit revision 7", (await Assert.ThrowsAsync<FormatException>(() => running)).Message, StringComparison.Ordinal);

        running = Start();
        var hello = (await _controller.HearAsync()).Hello;
        Assert.Equal(("", 0), (hello.StoreId, hello.Revision));
        Welcome(ContractRevision.Current);
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_ReportChanges_GoUpAsTheyHappenAndNothingElseDoes()
    {
        var running = await WelcomedAsync();
        _board.Post(Report with { });
        _board.Post(Report with { Site = "osaka" });
        var status = (await _controller.HearAsync()).Status;
        Assert.Equal("osaka", status.Site);
        Assert.False(status.HasHostname);
        Assert.Null(status.Endpoints);
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_ReportChangedBeforeTheWelcome_GoesUpAfterIt()
    {
        var running = Start();
        await _controller.HearAsync();
        _board.Post(Report with { Site = "osaka" });
        Welcome(ContractRevision.Current);
        Assert.Equal("osaka", (await _controller.HearAsync()).Status.Site);
        await EndAsync(running);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_PeersSeenElsewhere_GoUpAsChanges_OrWholeToAnOlderController(bool takesChanges)
    {
        var running = Start();
        await _controller.HearAsync();
        Welcome(ContractRevision.Current, capabilities: takesChanges ? [ContractRevision.ObservedChanges] : []);
        _board.Post(Report with { Observed = [new ObservedPeer(new NodeId(2), IPEndPoint.Parse("203.0.113.2:4000"))] });
        var status = (await _controller.HearAsync()).Status;
        Assert.Equal((takesChanges ? 1 : null, takesChanges ? null : 1), (status.ObservedChanges?.Seen.Count, status.Observed?.Peers.Count));
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_CredentialAndNotice_AreHandedOn()
    {
        var running = await WelcomedAsync();
        _controller.Say(new ControllerMessage { Credential = new Credential { Jwt = "newer", ExpiresUnix = 99, Issue = 3 } });
        _controller.Say(new ControllerMessage { Notice = new Notice { Kind = Notice.Types.Kind.CopiedState, Text = "Two machines." } });
        Assert.Equal(new LinkEvent.CredentialReceived("newer", 99), await NextAsync<LinkEvent.CredentialReceived>());
        Assert.Equal(new LinkEvent.NoticeReceived("CopiedState", "Two machines."), await NextAsync<LinkEvent.NoticeReceived>());
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_Question_IsAnsweredBesideTheMapAndTheReports_HoweverLongItTakes()
    {
        var running = Start();
        Assert.Equal(["query-status"], (await _controller.HearAsync()).Hello.Hello.Capabilities);
        Welcome(ContractRevision.Current);
        await NextAsync<LinkEvent.StateChanged>();
        _controller.Say(new ControllerMessage { Query = new Query { Id = 3, WithinMs = 10_000, LongestAnswer = 1_000, Question = new NodeQuestion { Status = new StatusQuestion() } } });
        _controller.Say(new ControllerMessage { Snapshot = WireFormat.FromMap(TestMesh.Full(2)) });
        Assert.Equal(2, (await NextAsync<LinkEvent.MapReceived>()).Map.Nodes.Count);
        _board.Post(Report with { Site = "osaka" });
        Assert.Equal("osaka", (await _controller.HearAsync()).Status.Site);

        _answer.SetResult(new NodeAnswer { Status = new AgentStatus { Hostname = "n1" } });
        var result = (await _controller.HearAsync()).Result;
        Assert.Equal((3ul, "n1"), (result.Id, NodeAnswer.Parser.ParseFrom(result.Answer).Status.Hostname));
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_StreamEndsWithAQuestionUnanswered_EndsWell()
    {
        var running = await WelcomedAsync();
        _controller.Say(new ControllerMessage { Query = new Query { Id = 3, WithinMs = 10_000, Question = new NodeQuestion { Status = new StatusQuestion() } } });
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_MessageThatWeDoNotKnow_IsPassedOver()
    {
        var running = await WelcomedAsync();
        _controller.Say(new ControllerMessage());
        _controller.Say(new ControllerMessage { Snapshot = WireFormat.FromMap(TestMesh.Full(1)) });
        await NextAsync<LinkEvent.MapReceived>();
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_Welcomed_SaysConnectedAndWhen()
    {
        Assert.Null(_follower.WelcomedAt);
        _time.Advance(TimeSpan.FromMinutes(1));
        var running = Start();
        Welcome(ContractRevision.Current);
        Assert.Equal(new LinkEvent.StateChanged(LinkState.Connected, "192.0.2.100:12913", ""), await NextAsync<LinkEvent.StateChanged>());
        Assert.Equal(_time.GetTimestamp(), _follower.WelcomedAt);
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_ControllerWhoseClockIsElsewhere_SaysHowFarItIsAhead()
    {
        _controller.Headers.Add("date", (_time.GetUtcNow() + TimeSpan.FromHours(1)).ToString("r", System.Globalization.CultureInfo.InvariantCulture));
        var running = Start();
        Welcome(ContractRevision.Current);
        var ahead = (await NextAsync<LinkEvent.StateChanged>()).ClockAhead;
        Assert.InRange(ahead!.Value, TimeSpan.FromMinutes(59.9), TimeSpan.FromHours(1));
        await EndAsync(running);
    }

    [Fact]
    public async Task Run_ControllerThatSaysNothing_IsNoneAfterTenSeconds()
    {
        var running = Start();
        await _controller.HearAsync();
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(running.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("said nothing for 10 s", (await Assert.ThrowsAsync<IOException>(() => running)).Message, StringComparison.Ordinal);
        Assert.Null(_follower.WelcomedAt);
    }

    [Fact]
    public async Task Run_ControllerTooNew_IsRefusedWithWhatToUpgrade()
    {
        var running = Start();
        Welcome(ContractRevision.Current + 2, oldest: ContractRevision.Current + 1);
        Assert.Contains("Upgrade the older one", (await Assert.ThrowsAsync<FormatException>(() => running)).Message, StringComparison.Ordinal);
        Assert.False(_events.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Run_StreamThatDoesNotBeginWithAHello_IsRefused()
    {
        var running = Start();
        _controller.Say(new ControllerMessage { Snapshot = WireFormat.FromMap(TestMesh.Full(1)) });
        await Assert.ThrowsAsync<FormatException>(() => running);
        Assert.Null(_follower.Map);
    }

    [Fact]
    public async Task Run_StreamBreaks_TheReasonComesThroughAndTheMapStays()
    {
        var running = await WelcomedAsync();
        _controller.Say(new ControllerMessage { Snapshot = WireFormat.FromMap(TestMesh.Full(2)) });
        await NextAsync<LinkEvent.MapReceived>();
        _controller.End(new RpcException(new Status(StatusCode.PermissionDenied, "removed")));
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => running)).StatusCode);
        Assert.Equal(7, _follower.Map!.Revision);
    }

    private QueryDesk Desk() => new(
        ImmutableDictionary<NodeQuestion.KindOneofCase, QueryHandler>.Empty.Add(NodeQuestion.KindOneofCase.Status, (_, _, ct) => _answer.Task.WaitAsync(ct)),
        NullLogger.Instance, _time);

    private Task Start() => _follower.RunAsync(Identity, _time, CancellationToken.None);

    private async Task<Task> WelcomedAsync()
    {
        var running = Start();
        await _controller.HearAsync();
        Welcome(ContractRevision.Current);
        await NextAsync<LinkEvent.StateChanged>();
        return running;
    }

    private void Welcome(uint contract, uint? oldest = null, string[]? capabilities = null)
    {
        var hello = new Hello { Version = "9.9", Contract = contract, ContractOldest = oldest ?? ContractRevision.Oldest, Capabilities = { capabilities ?? [] } };
        _controller.Say(new ControllerMessage { Hello = new ControllerHello { Hello = hello } });
    }

    private static MeshDelta Delta(long from, long to, uint upsert, uint removal) => new()
    {
        FromRevision = from,
        Revision = to,
        Upserts = { WireFormat.FromMap(TestMesh.Of(TestMesh.Node(upsert))).Nodes },
        Removals = { removal },
    };

    private async Task<T> NextAsync<T>() where T : LinkEvent
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        return Assert.IsType<T>(await _events.Reader.ReadAsync(limit.Token));
    }

    private async Task EndAsync(Task running)
    {
        _controller.End();
        await running;
    }
}
