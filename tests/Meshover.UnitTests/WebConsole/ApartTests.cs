using System.Collections.Immutable;
using System.Net;
using System.Reflection;
using System.Text.Json;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Meshover.Controller;
using Meshover.Controller.Administration;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Console;
using Meshover.Controller.Console.Apart;
using Meshover.Controller.Hosting;
using Meshover.Controller.State;
using Meshover.UnitTests.Controller;
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
    public async Task Token_LetsSomebodyGoOn_UntilItIsRevoked()
    {
        await ServeAsync();
        using var client = ClientOf();
        using var keeper = KeeperOf(client);
        var remote = new RemoteSignInTokens(client, keeper);
        Assert.Null(await remote.TakeAsync("moc_a_b", None));

        var made = await Tokens.CreateAsync(Actor.Controller, Reason.None, new ConsoleTokenWish("olga", "operator", 0, false), None);
        Assert.Equal(new TokenHolder(made.Record.Id, "olga", Role.Operator, null), await remote.TakeAsync(made.Text, None));
        Assert.True(remote.MayGoOn(made.Record.Id));

        await Tokens.RevokeAsync(Actor.Controller, Reason.None, made.Record.Id, None);
        Recorded.View = MeshView.Nothing with { Links = [] };
        Assert.True(await keeper.RefreshAsync(None));
        Assert.False(remote.MayGoOn(made.Record.Id));
    }

    [Fact]
    public void Sessions_OfConsolesApart_AreKnownWhileTheySaySo_AndEndWhereTheyAre()
    {
        var time = new FakeTimeProvider();
        var apart = new ApartSessions(time);
        SessionView[] live = [.. new[] { "a", "b" }.Select(id => new SessionView(id, $"of-{id}", "viewer", "192.0.2.7", time.GetUtcNow(), time.GetUtcNow() + TimeSpan.FromHours(12)))];
        Assert.Empty(apart.Take(new SessionsReport("c1", [live[0]])).Ids);
        Assert.Empty(apart.Take(new SessionsReport("c2", [live[1]])).Ids);
        Assert.Equal(live, apart.List().OrderBy(session => session.Id));

        apart.End(session => session.IsOf("of-a"));
        Assert.Equal([live[1]], apart.List());
        Assert.Equal(["a"], apart.Take(new SessionsReport("c1", [live[0]])).Ids);
        Assert.Empty(apart.Take(new SessionsReport("c2", [live[1]])).Ids);

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(apart.List());
        for (var i = 0; i < ApartSessions.MostConsoles; i++)
            apart.Take(new SessionsReport($"d{i}", []));
        Assert.Throws<ConsoleRefusalException>(() => apart.Take(new SessionsReport("one more", [])));
    }

    [Fact]
    public void Retries_AreBounded_AndNotInStep()
    {
        for (var failures = 1; failures < 1_000; failures++)
            Assert.InRange(PictureKeeper.RetryAfter(failures), TimeSpan.FromMilliseconds(125), TimeSpan.FromSeconds(5));
        Assert.True(Enumerable.Range(0, 100).Select(_ => PictureKeeper.RetryAfter(20)).Distinct().Count() > 10);
    }

    [Fact]
    public void Picture_OfALargeMesh_FitsIntoAnAnswer()
    {
        var node = new NodeRow(
            1234, "node-1234.rack-7.example", "tokyo", "ok", Health.Fine, true, DateTimeOffset.UnixEpoch, "10.249.12.34", "fd00:1:2:3::1234", "198.18.12.34", 4_200_001_234, "0.1.0", false, false, 2_999, 0,
            ulong.MaxValue / 3, ulong.MaxValue / 3, DateTimeOffset.UnixEpoch)
        { Endpoints = ["192.0.2.123:12912", "[2001:db8::1234]:12912"], Grants = [new GrantRow("10.64.12.0/24", 24), new GrantRow("fd64:12::/64", 64)], Announced = ["10.64.12.0/24", "fd64:12::/64"] };
        var view = new MeshView { Nodes = [.. Enumerable.Repeat(node, 3_000)] };
        var bytes = JsonSerializer.SerializeToUtf8Bytes(new PortPicture(view, []), PortJson.Default.PortPicture).LongLength;
        Assert.InRange(bytes, 1, 6_000_000);
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
        builder.Services.AddSingleton(new ApartSessions(TimeProvider.System));
        _app = builder.Build();
        PortApi.Map(_app);
        await _app.StartAsync(None);
    }

    private PortClient ClientOf() => new(AdminPath, TimeProvider.System, ControllerVersion.Build);

    private static PictureKeeper KeeperOf(PortClient client) => new(client, TimeProvider.System, NullLogger<PictureKeeper>.Instance);
}

/// <summary>Writes down what it is called with, and answers with samples.</summary>
internal class RecordingPort : DispatchProxy
{
    public List<(string Name, object?[] Arguments)> Calls { get; } = [];

    public MeshView View { get; set; } = MeshView.Nothing;

    /// <summary>What is answered instead.</summary>
    public Func<string, Task>? Answers { get; set; }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var name = targetMethod!.Name;
        if (name == nameof(IMeshPort.Look))
            return View;
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
