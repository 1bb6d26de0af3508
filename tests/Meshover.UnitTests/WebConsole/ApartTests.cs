using System.Collections.Immutable;
using System.Net;
using System.Reflection;
using Meshover.Console.Live;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Meshover.Controller;
using Meshover.Controller.Administration;
using Meshover.Controller.Api;
using Meshover.Controller.Changes;
using Meshover.Controller.Commands;
using Meshover.Controller.Configuration;
using Meshover.Controller.Console;
using Meshover.Controller.Console.Apart;
using Meshover.Controller.Hosting;
using Meshover.Controller.Live;
using Meshover.Controller.State;
using Meshover.UnitTests.Controller;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.WebConsole;

/// <summary>A console that runs apart, and the controller's end for it, over a real socket.</summary>
public sealed class ApartTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Doer Olga = new("olga", "192.0.2.7", "it burns");

    private readonly string _root = Directory.CreateTempSubdirectory("meshover-apart-").FullName;
    private readonly FakeStore _store = new();
    private readonly IMeshPort _port = DispatchProxy.Create<IMeshPort, RecordingPort>();
    private MeshDirectory _directory = null!;
    private WebApplication? _app;

    private RecordingPort Recorded => (RecordingPort)(object)_port;

    private ConsoleTokens Tokens => new(_directory, TimeProvider.System);

    private string AdminPath => Path.Combine(_root, "admin.sock");

    public static TheoryData<string> UseCases => [.. typeof(IMeshPort).GetMethods().Select(method => method.Name).Where(name => name != nameof(IMeshPort.Look))];

    public async ValueTask InitializeAsync()
    {
        _directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, None);
        await _directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), None);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        await _directory.DisposeAsync();
        await _store.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>With each member of what is asked and answered, whatever is added to them.</summary>
    [Theory]
    [MemberData(nameof(UseCases))]
    public async Task UseCase_ArrivesAsItWasAsked_AndIsAnsweredAsItWas(string name)
    {
        await ServeAsync();
        using var client = ClientOf();
        using var keeper = KeeperOf(client);
        var method = typeof(IMeshPort).GetMethod(name)!;
        var asked = method.GetParameters().Select(parameter => parameter.ParameterType == typeof(CancellationToken) ? None : Sample.Of(parameter.ParameterType)).ToArray();

        var task = (Task)method.Invoke(new RemoteMeshPort(client, keeper), asked)!;
        await task;

        var (called, arrived) = Assert.Single(Recorded.Calls, call => call.Name != nameof(IMeshPort.Look));
        Assert.Equal(name, called);
        Assert.Equal(Sample.Text(asked[..^1]), Sample.Text(arrived[..^1]));
        if (method.ReturnType.IsGenericType)
            Assert.Equal(Sample.Text(Sample.Of(method.ReturnType.GetGenericArguments()[0])), Sample.Text(task.GetType().GetProperty("Result")!.GetValue(task)));
    }

    [Fact]
    public async Task Nothing_IsAnsweredAsNothing()
    {
        Recorded.Answers = name => name == nameof(IMeshPort.SeriesAsync) ? Task.FromResult<NodeSeries?>(null) : Task.FromResult<PastMoment?>(null);
        await ServeAsync();
        using var client = ClientOf();
        using var keeper = KeeperOf(client);
        Assert.Null(await new RemoteMeshPort(client, keeper).SeriesAsync("n1", None));
        Assert.Null(await new RemoteMeshPort(client, keeper).MomentAsync(DateTimeOffset.UnixEpoch, None));
    }

    [Fact]
    public async Task Refusal_PassesWithItsText_AndAFailureWithoutItsOwn()
    {
        await ServeAsync();
        using var client = ClientOf();
        using var keeper = KeeperOf(client);
        var remote = new RemoteMeshPort(client, keeper);
        Recorded.Answers = _ => throw new ConsoleRefusalException("n9 is no node, \"こちら\".");
        Assert.Equal("n9 is no node, \"こちら\".", (await Assert.ThrowsAsync<ConsoleRefusalException>(() => remote.RemoveNodeAsync(Olga, "n9", None))).Message);
        Recorded.Answers = _ => throw new InvalidOperationException("a secret");
        var failed = (await Assert.ThrowsAsync<ConsoleRefusalException>(() => remote.RemoveNodeAsync(Olga, "n9", None))).Message;
        Assert.Contains("its log says why", failed, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_OfAnotherRelease_IsToldSo_AndNothingElse()
    {
        await ServeAsync();
        using var client = new PortClient(AdminPath, TimeProvider.System, "0.0.9+1234");
        using var keeper = KeeperOf(client);
        var refused = (await Assert.ThrowsAsync<ConsoleRefusalException>(() => new RemoteMeshPort(client, keeper).TokensAsync(None))).Message;
        Assert.Contains("This console is 0.0.9+1234", refused, StringComparison.Ordinal);
        Assert.Contains(ControllerVersion.Build, refused, StringComparison.Ordinal);
        Assert.False(await keeper.RefreshAsync(None));
        Assert.Equal(refused, keeper.Look().Away);
        Assert.Empty(Recorded.Calls);
    }

    [Theory]
    [InlineData("", "192.0.2.7")]
    [InlineData("olga\nroot", "192.0.2.7")]
    [InlineData("olga", "192.0.2.7\u001b[2J")]
    [InlineData("long", "192.0.2.7")]
    public async Task Order_OfWhomTheAuditCannotName_IsRefused(string name, string from)
    {
        await ServeAsync();
        using var client = ClientOf();
        using var keeper = KeeperOf(client);
        var by = new Doer(name == "long" ? new string('x', 401) : name, from, "");
        await Assert.ThrowsAsync<ConsoleRefusalException>(() => new RemoteMeshPort(client, keeper).RemoveNodeAsync(by, "n1", None));
        Assert.Empty(Recorded.Calls);
    }

    [Fact]
    public async Task WhatIsTooLong_OrNoCall_IsRefused()
    {
        await ServeAsync();
        using var client = ClientOf();
        using var keeper = KeeperOf(client);
        await Assert.ThrowsAsync<ConsoleRefusalException>(() => new RemoteMeshPort(client, keeper).FindRouteAsync(new string('x', 2 * 1024 * 1024), None));
        using var http = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, cancel) => await AdminSocket.ConnectAsync(AdminPath, cancel) });
        foreach (var body in new[] { "", "null", "{}", "[", "{\"By\":null,\"Subject\":\"n1\"}" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"http://localhost{PortCalls.RemoveNode.Path}") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            request.Headers.Add(PortCalls.Build, ControllerVersion.Build);
            request.Content = new StringContent(body);
            Assert.Equal(HttpStatusCode.BadRequest, (await http.SendAsync(request)).StatusCode);
        }
        Assert.Empty(Recorded.Calls);
    }

    [Fact]
    public async Task Picture_IsTheSameForAsLongAsNothingChanges_AndSaysWhenTheControllerIsAway()
    {
        using var client = ClientOf();
        using var keeper = KeeperOf(client);
        Assert.False(await keeper.RefreshAsync(None));
        Assert.Contains("there is no such file", keeper.Look().Away, StringComparison.Ordinal);

        Recorded.View = MeshView.Nothing with { Vertices = [new Vertex("1", "n1", "", "ok", Health.Fine, 1, true)] };
        await ServeAsync();
        Assert.True(await keeper.RefreshAsync(None));
        var first = keeper.Look();
        Assert.Equal((null, "n1"), (first.Away, first.Vertices.Single().Name));
        // Another object, and the same mesh.
        Recorded.View = Recorded.View with { };
        Assert.True(await keeper.RefreshAsync(None));
        Assert.Same(first, keeper.Look());

        await _app!.DisposeAsync();
        Assert.False(await keeper.RefreshAsync(None));
        Assert.NotNull(keeper.Look().Away);
        Assert.Equal("n1", keeper.Look().Vertices.Single().Name);
        // Another start: the same picture comes whole again.
        await ServeAsync();
        Assert.True(await keeper.RefreshAsync(None));
        Assert.Null(keeper.Look().Away);
    }

    [Fact]
    public async Task WhileTheControllerIsAway_NothingIsAskedOrOrdered_AndNobodyWaits()
    {
        using var client = ClientOf();
        using var keeper = KeeperOf(client);
        Assert.False(await keeper.RefreshAsync(None));
        var away = keeper.Look().Away;
        await ServeAsync();
        var remote = new RemoteMeshPort(client, keeper);
        Assert.Equal(away, (await Assert.ThrowsAsync<ConsoleRefusalException>(() => remote.TokensAsync(None))).Message);
        Assert.Equal(away, (await Assert.ThrowsAsync<ConsoleRefusalException>(() => remote.RemoveNodeAsync(Olga, "n1", None))).Message);
        Assert.Equal(away, (await Assert.ThrowsAsync<ConsoleRefusalException>(() => new RemoteSignInTokens(client).TakeAsync("moc_a_b", None))).Message);
        Assert.Empty(Recorded.Calls);

        Assert.True(await keeper.RefreshAsync(None));
        await remote.RemoveNodeAsync(Olga, "n1", None);
        Assert.Single(Recorded.Calls);
    }

    [Fact]
    public async Task Token_LetsSomebodyIn_AlsoAfterThePictureWasTold_AndItsSessionsEndWhenItIsRevoked()
    {
        await ServeAsync();
        using var client = ClientOf();
        using var keeper = KeeperOf(client);
        Assert.True(await keeper.RefreshAsync(None));
        var remote = new RemoteSignInTokens(client);
        Assert.Null(await remote.TakeAsync("moc_a_b", None));

        var made = await CreateTokenAsync();
        Assert.Equal(new TokenHolder(made.Record.Id, "olga", Role.Operator, null), await remote.TakeAsync(made.Text, None));
        Assert.True(remote.MayGoOn(made.Record.Id));

        var now = TimeProvider.System.GetUtcNow();
        var report = new SessionsReport("c1", now, [SessionOf("a", "olga", now) with { Token = made.Record.Id }, SessionOf("b", "ann (login.example 6b86b273)", now)]);
        Assert.Empty((await client.AskAsync(PortCalls.Sessions, report, None)).Ended);
        await Tokens.RevokeAsync(Actor.Controller, Reason.None, made.Record.Id, None);
        Assert.Equal(["a"], (await client.AskAsync(PortCalls.Sessions, report, None)).Ended);
    }

    [Fact]
    public async Task Session_OfAConsoleApart_EndsThere_WithItsTokenOrByAnAdministrator()
    {
        await ServeAsync();
        using var client = ClientOf();
        var sessions = new Sessions(new RemoteSignInTokens(client), TimeProvider.System);
        var made = await CreateTokenAsync();
        var byToken = await SignInAsync(sessions, made.Record.Id, "olga");
        var byProvider = await SignInAsync(sessions, $"{OpenIdSignIn.Mark}1", "ann (login.example 6b86b273)");
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var reporter = new SessionsReporter(client, sessions, time, NullLogger<SessionsReporter>.Instance);
        await reporter.StartAsync(None);
        var apart = _app!.Services.GetRequiredService<ApartSessions>();
        await UntilAsync(time, () => apart.List().Length == 2);
        Assert.Equal((true, true), (sessions.IsAlive(byToken), sessions.IsAlive(byProvider)));

        await Tokens.RevokeAsync(Actor.Controller, Reason.None, made.Record.Id, None);
        await UntilAsync(time, () => !sessions.IsAlive(byToken));
        Assert.True(sessions.IsAlive(byProvider));
        Assert.Equal(1, await AdministrationOf(apart, TimeProvider.System).EndAsync(Actor.Controller, Reason.None, "ann", None));
        Assert.Empty(apart.List());
        await UntilAsync(time, () => !sessions.IsAlive(byProvider));
        await reporter.StopAsync(None);
    }

    [Fact]
    public void Sessions_OfConsolesApart_AreListedWhileTheySaySo_AndBounded()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
        var apart = new ApartSessions(_directory, Tokens, time);
        SessionView[] live = [SessionOf("a", "of-a", time.GetUtcNow()), SessionOf("b", "of-b", time.GetUtcNow())];
        Assert.Null(apart.Take(new SessionsReport("c1", time.GetUtcNow(), [live[0]])).NotListed);
        Assert.Null(apart.Take(new SessionsReport("c2", time.GetUtcNow(), [live[1]])).NotListed);
        Assert.Equal(live, apart.List().OrderBy(session => session.Id));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(apart.List());

        for (var i = 0; i < ApartSessions.MostConsoles; i++)
            Assert.Null(apart.Take(new SessionsReport($"d{i}", time.GetUtcNow(), [])).NotListed);
        Assert.NotNull(apart.Take(new SessionsReport("one more", time.GetUtcNow(), [live[0]])).NotListed);
        Assert.Empty(apart.List());
        ImmutableArray<SessionView> many = [.. Enumerable.Repeat(live[0], 600)];
        Assert.Null(apart.Take(new SessionsReport("d1", time.GetUtcNow(), many)).NotListed);
        Assert.NotNull(apart.Take(new SessionsReport("d2", time.GetUtcNow(), many)).NotListed);
        Assert.Equal(ApartSessions.MostSessions, apart.List().Length);
        Assert.Throws<ConsoleRefusalException>(() => apart.Take(new SessionsReport("d3", time.GetUtcNow(), [.. many, .. many])));
    }

    /// <summary>Its tunnel was down when the order was given, the controller was started anew, its clock is wrong, or it is one too many.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(-3600)]
    [InlineData(3600)]
    public async Task OrderToEndSessions_HoldsForThoseThatAreToldOfLater_AndBeganBefore(int off)
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
        var apart = new ApartSessions(_directory, Tokens, time);
        var began = time.GetUtcNow() - TimeSpan.FromMinutes(1);
        Assert.Equal(0, await AdministrationOf(apart, time).EndAsync(Actor.Controller, Reason.None, "mallory", None));
        Assert.Equal(0, await AdministrationOf(apart, time).EndAsync(Actor.Controller, Reason.None, "carol", None));
        time.Advance(TimeSpan.FromMinutes(1));

        var wrong = TimeSpan.FromSeconds(off);
        var report = new SessionsReport("c1", time.GetUtcNow() + wrong,
            [SessionOf("a", "mallory", began + wrong), SessionOf("b", "mallory", time.GetUtcNow() + wrong), SessionOf("c", "olga", began + wrong), SessionOf("d", "carol", began + wrong)]);
        Assert.Equal(["a", "d"], apart.Take(report).Ended);
        Assert.Equal(["b", "c"], apart.List().Select(session => session.Id));
        var anew = new ApartSessions(_directory, Tokens, time);
        for (var i = 0; i < ApartSessions.MostConsoles; i++)
            anew.Take(new SessionsReport($"d{i}", time.GetUtcNow(), []));
        Assert.Equal(["a", "d"], anew.Take(report).Ended);
    }

    [Fact]
    public async Task Pages_AreToldEachFewSeconds_ThoughNothingChanges()
    {
        var time = new FakeTimeProvider();
        using var live = new LiveMesh(_port, time, NullLogger<LiveMesh>.Instance);
        var (told, seconds) = (0, 0);
        using var viewer = live.Subscribe(() => Interlocked.Increment(ref told));
        await live.StartAsync(None);
        for (; seconds < 1_000 && Volatile.Read(ref told) < 3; seconds++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, None);
        }
        await live.StopAsync(None);
        Assert.Equal(3, told);
        Assert.InRange(seconds, 10, 999);
    }

    [Fact]
    public async Task Pages_AreToldOfOneLookForAll_AndWhoComesMeanwhileThoughItIsTheSame()
    {
        var time = new FakeTimeProvider();
        Recorded.View = new MeshView();
        using var live = new LiveMesh(_port, time, NullLogger<LiveMesh>.Instance);
        var (one, other, late) = (0, 0, 0);
        using var first = live.Subscribe(() => Interlocked.Increment(ref one));
        using var second = live.Subscribe(() => Interlocked.Increment(ref other));
        await live.StartAsync(None);
        await UntilAsync(TimeSpan.Zero, () => Volatile.Read(ref one) + Volatile.Read(ref other) == 2);
        Assert.Equal(1, Recorded.Looks);
        Assert.Same(Recorded.View, live.Newest);

        using var third = live.Subscribe(() => Interlocked.Increment(ref late));
        time.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(TimeSpan.Zero, () => Volatile.Read(ref late) == 1);
        await live.StopAsync(None);
        Assert.Equal((1, 1), (one, other));

        async Task UntilAsync(TimeSpan step, Func<bool> isSo)
        {
            for (var i = 0; i < 200 && !isSo(); i++)
            {
                time.Advance(step);
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, None);
            }
            Assert.True(isSo());
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(25, 1)]
    [InlineData(100, 4)]
    [InlineData(200, 4)]
    public void Pages_OfWhichThereAreMany_AreToldMoreSeldom(int viewers, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), LiveMesh.PaceFor(viewers));

    [Theory]
    [InlineData("mesh.example", "mesh.example")]
    [InlineData("mesh.example:12917", "mesh.example:12917")]
    [InlineData("https://mesh.example/", "mesh.example")]
    [InlineData("https://[2001:db8::1]:12917", "[2001:db8::1]:12917")]
    [InlineData("http://mesh.example/", null)]
    [InlineData("https://mesh.example/sign-in", null)]
    [InlineData("olga@mesh.example", null)]
    [InlineData("2001:db8::1", null)]
    [InlineData("", null)]
    public void WhereTheConsoleIs_IsAHostOrItsUrl(string at, string? address)
    {
        if (address is null)
            Assert.Contains("--at", Assert.Throws<ConfigException>(() => ConsoleTokenCommand.AddressOf(at)).Message, StringComparison.Ordinal);
        else
            Assert.Equal(address, ConsoleTokenCommand.AddressOf(at));
    }

    [Fact]
    public void Retries_AreBounded_AndNotInStep()
    {
        for (var failures = 1; failures < 1_000; failures++)
            Assert.InRange(PictureKeeper.RetryAfter(failures), TimeSpan.FromMilliseconds(125), TimeSpan.FromSeconds(5));
        Assert.True(Enumerable.Range(0, 100).Select(_ => PictureKeeper.RetryAfter(20)).Distinct().Count() > 10);
    }

    [Fact]
    public async Task Picture_OfALargeMesh_FitsIntoAnAnswer_AndIsTheSameForAsLongAsNothingChanges()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
        var live = new LiveNodes(time);
        await using var store = new FakeStore();
        var ids = Fill(store, 3_000);
        await using var directory = await MeshDirectory.OpenAsync(store, NullLogger<MeshDirectory>.Instance, None, time: time);
        foreach (var id in ids)
            Say(live, time, id, ulong.MaxValue / 3);
        var picture = new MeshPicture(directory, live, new Nodes(directory, live, ConfigReader.Read(new ControllerConfig()), time), time);
        var pictures = new PortPictures(_port);
        var first = Recorded.View = picture.Look();
        Assert.Equal(3_000, first.Nodes.Length);
        Assert.All(new[] { first.Vertices.Length, first.Links.Length, first.Problems.Length }, length => Assert.NotEqual(0, length));
        var (tag, json) = pictures.Now();
        Assert.InRange(json.Length, 1_000_000, 6_000_000);

        time.Advance(TimeSpan.FromSeconds(6));
        Recorded.View = picture.Look();
        Assert.NotSame(first, Recorded.View);
        Assert.Equal(tag, pictures.Now().Tag);

        Say(live, time, ids[0], 7);
        Recorded.View = picture.Look();
        Assert.NotEqual(tag, pictures.Now().Tag);
    }

    [Fact]
    public void Group_IsAtTheAdminSocketAlone_AndBrowsersFindNothingWhereTheConsoleIsTurnedOff()
    {
        Assert.Contains(EndpointGroup.ConsolesApart, EndpointGroups.Present.At(Door.AdminSocket, ""));
        foreach (var name in EndpointGroups.Present.ServerNames.Append(""))
            Assert.DoesNotContain(EndpointGroup.ConsolesApart, EndpointGroups.Present.At(Door.Network, name).Concat(EndpointGroups.Present.At(Door.Monitoring, name)));
        Assert.Contains(EndpointGroup.Console, EndpointGroups.Present.At(Door.Network, ""));
        Assert.Empty(EndpointGroups.WithoutConsole.At(Door.Network, ""));
        Assert.Equal((true, false), (ConfigReader.Read(new ControllerConfig()).HasConsole, ConfigReader.Read(new ControllerConfig { Console = new ConsoleConfig { BuiltIn = false } }).HasConsole));
    }

    [Fact]
    public void Settings_HaveDefaults_AndAllThatIsWrongIsNamed()
    {
        var options = ApartOptions.Read(new ApartConfig());
        Assert.Equal((12917, "/run/meshover-controller/admin.sock", null), (options.Listen.Port, options.Socket, options.Served.Certificate));
        Assert.Equal("192.0.2.7:443", ApartOptions.Read(new ApartConfig { Listen = "192.0.2.7:443" }).Listen.ToString());

        var wrong = new ApartConfig { Listen = "443", Key = "key.pem", Console = new ConsoleConfig { BuiltIn = false, OpenIdConnect = new OpenIdConfig { Authority = "http://a" } } };
        var violations = Assert.Throws<ConfigException>(() => ApartOptions.Read(wrong)).Violations;
        foreach (var name in new[] { "listen", "certificate and key", "console.builtIn", "console.openIdConnect.authority", "console.openIdConnect.clientId" })
            Assert.Contains(violations, violation => violation.StartsWith(name + ":", StringComparison.Ordinal));
    }

    private async Task ServeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        File.Delete(AdminPath);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(AdminPath, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(_port);
        builder.Services.AddSingleton(Tokens);
        builder.Services.AddSingleton<ISignInTokens, SignInTokens>();
        builder.Services.AddSingleton<PortPictures>();
        builder.Services.AddSingleton(new ApartSessions(_directory, Tokens, TimeProvider.System));
        _app = builder.Build();
        PortApi.Map(_app);
        await _app.StartAsync(None);
    }

    private Task<CreatedConsoleToken> CreateTokenAsync() => Tokens.CreateAsync(Actor.Controller, Reason.None, new ConsoleTokenWish("olga", "operator", 0, false), None);

    private ConsoleSessions AdministrationOf(ApartSessions apart, TimeProvider time) =>
        new(_directory, new SignedIn(new Sessions(new SignInTokens(Tokens), time), apart), time);

    private static SessionView SessionOf(string id, string name, DateTimeOffset began) => new(id, name, "viewer", "192.0.2.7", began, began + TimeSpan.FromHours(12));

    /// <returns>The session's own name.</returns>
    private static async Task<string> SignInAsync(Sessions sessions, string token, string name)
    {
        var now = TimeProvider.System.GetUtcNow();
        var principal = ConsoleClaims.Of(new TokenHolder(token, name, Role.Operator, null), Guid.NewGuid().ToString("N"), "192.0.2.7");
        return await sessions.StoreAsync(new AuthenticationTicket(principal, new AuthenticationProperties { IssuedUtc = now, ExpiresUtc = now + Sessions.Longest }, ConsoleSignIn.Scheme));
    }

    private static async Task UntilAsync(FakeTimeProvider time, Func<bool> isSo)
    {
        for (var i = 0; i < 1_000 && !isSo(); i++)
        {
            time.Advance(SessionsReporter.Every);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, None);
        }
        Assert.True(isSo());
    }

    /// <summary>So many members at fifty sites, with two endpoints, grants and a tag each.</summary>
    private static uint[] Fill(FakeStore store, int nodes)
    {
        var mesh = new TestMesh();
        StoredNode[] members = [.. Enumerable.Range(0, nodes).Select(n => mesh.Enrol($"identity-{n}", $"node-{n}.rack-{n % 9}.example"))];
        mesh.Change(draft =>
        {
            for (var n = 0; n < nodes; n++)
            {
                var (id, net) = (members[n].Id, $"{n >> 8}.{n & 255}");
                draft.Put(StoreKeys.Node(id), members[n] with { Tags = ["edge"], Grants = [new StoredGrant($"10.{net}.0/24", 24), new StoredGrant($"fd64:{n:x}::/64", 64)] });
                draft.Put(StoreKeys.Reach(id), new ReachRecord { Site = $"site-{n % 50}", Endpoints = [new EndpointRecord($"192.0.{net}", 12912, 0), new EndpointRecord($"2001:db8::{n:x}", 12912, 0)] });
            }
        });
        foreach (var (key, record) in mesh.State.Records)
            store.Write(key, RecordJson.Write(record));
        return [.. members.Select(member => member.Id)];
    }

    private static void Say(LiveNodes live, FakeTimeProvider time, uint node, ulong bytes)
    {
        var session = TestSession.Open(live, node, ReportedState.Nothing with { Announced = [IPNetwork.Parse("10.64.12.0/24"), IPNetwork.Parse("fd64:12::/64")] });
        live.Tell(session, _ => HealthMapping.Merge(null, HealthTests.Summary(), time.GetUtcNow()) with
        {
            RxBytes = bytes,
            TxBytes = bytes,
            Findings = ImmutableSortedDictionary<string, int>.Empty.Add("peer-unreached", 1),
        });
    }

    private PortClient ClientOf() => new(AdminPath, TimeProvider.System, ControllerVersion.Build);

    private static PictureKeeper KeeperOf(PortClient client) => new(client, TimeProvider.System, NullLogger<PictureKeeper>.Instance);
}

/// <summary>Writes down what it is called with, and answers with samples.</summary>
#pragma warning disable CA1852 // a type is made of it
internal class RecordingPort : DispatchProxy
#pragma warning restore CA1852
{
    public List<(string Name, object?[] Arguments)> Calls { get; } = [];

    public MeshView View { get; set; } = MeshView.Nothing;

    public int Looks { get; private set; }

    /// <summary>What is answered instead.</summary>
    public Func<string, Task>? Answers { get; set; }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var name = targetMethod!.Name;
        if (name == nameof(IMeshPort.Look))
        {
            Looks++;
            return View;
        }
        Calls.Add((name, args!));
        if (Answers is { } answers)
            return answers(name);
        return targetMethod.ReturnType == typeof(Task)
            ? Task.CompletedTask
            : typeof(Task).GetMethod(nameof(Task.FromResult))!.MakeGenericMethod(targetMethod.ReturnType.GetGenericArguments()[0]).Invoke(null, [Sample.Of(targetMethod.ReturnType.GetGenericArguments()[0])]);
    }
}

/// <summary>Values of the console's records with something in each member, and their text with all of it.</summary>
internal static class Sample
{
    public static object Of(Type type) => type switch
    {
        _ when Nullable.GetUnderlyingType(type) is { } inner => Of(inner),
        _ when type == typeof(string) => "text \"ü\"",
        _ when type == typeof(bool) => true,
        _ when type == typeof(DateTimeOffset) => DateTimeOffset.UnixEpoch + TimeSpan.FromDays(20_000.25),
        _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(90),
        _ when type == typeof(double) => 7.25,
        _ when type.IsEnum => Enum.GetValues(type).GetValue(1)!,
        _ when type.IsPrimitive => Convert.ChangeType(7, type),
        _ when IsArray(type) => ArrayOf(type.GetGenericArguments()[0]),
        _ => RecordOf(type),
    };

    public static string Text(object? value) => value switch
    {
        null => "null",
        string or DateTimeOffset or TimeSpan => $"{value}",
        System.Collections.IEnumerable all => $"[{string.Join(", ", all.Cast<object?>().Select(Text))}]",
        _ when value.GetType() is { IsPrimitive: true } or { IsEnum: true } => $"{value}",
        System.Runtime.CompilerServices.ITuple tuple => $"({string.Join(", ", Enumerable.Range(0, tuple.Length).Select(i => Text(tuple[i])))})",
        _ => $"{value.GetType().Name}{{{string.Join(", ", value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0).Select(property => $"{property.Name} = {Text(property.GetValue(value))}"))}}}",
    };

    private static bool IsArray(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>);

    private static object ArrayOf(Type of)
    {
        var items = Array.CreateInstance(of, 2);
        items.SetValue(Of(of), 0);
        items.SetValue(Of(of), 1);
        return typeof(ImmutableArray).GetMethods().Single(method => method.Name == nameof(ImmutableArray.Create) && method.GetParameters() is [{ ParameterType.IsArray: true }]
            && !method.IsDefined(typeof(ObsoleteAttribute))).MakeGenericMethod(of).Invoke(null, [items])!;
    }

    private static object RecordOf(Type type)
    {
        var constructor = type.GetConstructors().OrderByDescending(one => one.GetParameters().Length).First(one => one.GetParameters() is not [var only] || only.ParameterType != type);
        var record = constructor.Invoke([.. constructor.GetParameters().Select(parameter => Of(parameter.ParameterType))]);
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is not null))
            property.SetValue(record, Of(property.PropertyType));
        return record;
    }
}
