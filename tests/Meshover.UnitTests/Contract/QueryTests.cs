using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.ControllerLink.Queries;
using Meshover.Agent.LocalApi;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Cli.Administration;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Hosting;
using Meshover.Controller.Identity;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.UnitTests.Controller;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using AgentReport = Meshover.Agent.Reporting.NodeReport;
using ControllerMesh = Meshover.UnitTests.Controller.TestMesh;
using Enrolment = Meshover.Controller.Membership.Enrolment;
using TestMesh = Meshover.UnitTests.Mesh.TestMesh;

namespace Meshover.UnitTests.Contract;

/// <summary>An administrator's question to a node, through a controller with its sockets and TLS, to the agent's own end of the stream.</summary>
public sealed class QueryTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _root = Directory.CreateTempSubdirectory("meshover-query-").FullName;
    private readonly FakeStore _store = new();
    private readonly SecretRecord _secret = CertificateAuthority.Create(TimeProvider.System.GetUtcNow());
    private readonly CancellationTokenSource _stop = new();
    private readonly int _port = FreePort();
    private MeshDirectory _directory = null!;
    private WebApplication _app = null!;
    private NodeIdentity _identity = IdentityFactory.Create("n1", TimeProvider.System);
    private Task _following = Task.CompletedTask;

    private ControllerPaths Paths => new() { State = _root, Run = _root };

    public async ValueTask InitializeAsync()
    {
        _directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        await _directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new ControllerMesh().State.Mesh), CancellationToken.None);
        await _directory.ChangeAsync(draft => TokenRules.Create(draft, ControllerMesh.Token()), CancellationToken.None);
        using var certificate = _identity.OpenCertificate();
        var request = new EnrolmentRequest
        {
            Identity = ClientIdentity.ThumbprintOf(certificate),
            HostName = "n1",
            WireGuardKey = _identity.WireGuardPublicKey.ToString(),
            Token = ControllerMesh.Token(),
        };
        var node = await _directory.ChangeAsync(draft => Enrolment.Enrol(draft, request, ControllerMesh.Now, ControllerMesh.Skew).Id, CancellationToken.None);
        var options = ConfigReader.Read(new ControllerConfig { Listen = "127.0.0.1", Port = _port });
        var tls = new TlsSetup(_secret, options, EndpointGroups.Present, TimeProvider.System, NullLogger.Instance);
        _app = ControllerHost.Build(_directory, _secret, EndpointGroups.Present, tls, options, Paths);
        await _app.StartAsync();
        var credential = _app.Services.GetRequiredService<CredentialIssuer>().Renew(node.Value);
        _identity = _identity with { CaPins = [CertificateAuthority.PinOf(_secret)], Credential = credential.Jwt, CredentialExpires = credential.ExpiresUnix };
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _directory.DisposeAsync();
        await _store.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Status_OfANodeWith3000Peers_ComesWhole_ByPagesThatAStreamTakes()
    {
        await FollowAsync(StatusQueries.Handlers(_ => Task.FromResult(StatusWith(3_000))));

        var status = await NodeStatusCommand.FetchAsync(Paths.AdminSocket, "n1", CancellationToken.None);

        Assert.Equal(StatusWith(3_000), status);
        Assert.True(status.CalculateSize() > StreamQueries.LongestAnswer, "It would have fitted into one answer: this test shows nothing.");
    }

    [Fact]
    public async Task Agent_FromBeforeThereWereQuestions_IsLeftAlone()
    {
        await FollowAsync(ImmutableDictionary<NodeQuestion.KindOneofCase, QueryHandler>.Empty);
        var refused = await Assert.ThrowsAsync<CliException>(() => NodeStatusCommand.FetchAsync(Paths.AdminSocket, "1", CancellationToken.None));
        Assert.Contains("is too old for this", refused.Message, StringComparison.Ordinal);
        Assert.False(_following.IsCompleted);
    }

    [Fact]
    public async Task Agent_ThatGoesAwayOverAQuestion_FailsItAtOnce()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await FollowAsync(StatusQueries.Handlers(async ct =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            return new AgentStatus();
        }));
        var asking = NodeStatusCommand.FetchAsync(Paths.AdminSocket, "n1", CancellationToken.None);
        await asked.Task.WaitAsync(Patience);
        await _stop.CancelAsync();
        var refused = await Assert.ThrowsAsync<CliException>(() => asking.WaitAsync(Patience));
        Assert.StartsWith("The node's connection ended.", refused.Message, StringComparison.Ordinal);
    }

    private async Task FollowAsync(ImmutableDictionary<NodeQuestion.KindOneofCase, QueryHandler> handlers)
    {
        _following = RunAsync(new QueryDesk(handlers, NullLogger.Instance, TimeProvider.System));
        var live = _app.Services.GetRequiredService<LiveNodes>();
        var started = TimeProvider.System.GetTimestamp();
        while (live.State.Online == 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience && !_following.IsCompleted, "The agent did not connect.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    private async Task RunAsync(QueryDesk desk)
    {
        var board = new ReportBoard(new AgentReport
        {
            HostName = "n1",
            ListenPort = 12912,
            PublicKeys = [_identity.WireGuardPublicKey],
            Site = "",
            Transit = Meshover.Mesh.Map.TransitRole.Auto,
        });
        using var channel = new ControllerChannel(_identity, _identity.CaPins, new ControllerDialer(() => [$"127.0.0.1:{_port}"], mark: 0, TimeProvider.System));
        var follower = new MapFollower(channel.Client, () => "", board, desk, "instance", (_, _) => ValueTask.CompletedTask);
        await follower.RunAsync(_identity, TimeProvider.System, _stop.Token);
    }

    private static AgentStatus StatusWith(int peers) => new()
    {
        Hostname = "n1",
        MapRevision = 7,
        Peers =
        {
            Enumerable.Range(2, peers).Select(id => TestMesh.Node((uint)id)).Select(node => new PeerStatus
            {
                NodeId = node.Id.Value,
                Hostname = node.HostName,
                Address4 = node.Address4.ToString(),
                Address6 = node.Address6.ToString(),
                Asn = node.Asn.Value,
                Link = node.Id.LinkName,
                Endpoint = node.Endpoints[0].EndPoint.ToString(),
                HandshakeAgeSeconds = 61,
                RxBytes = 1_000_000_007,
                TxBytes = 2_000_000_011,
                RttMs = 1.5,
                BgpState = "Established",
                BfdState = "up",
                PrefixesReceived = 4,
                Path = "transit",
                PathReason = "The peer does not answer at any of its endpoints.",
            }),
        },
    };

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
