using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Meshover.Linux.LocalSockets;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class SupervisionPartsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-routing-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void RestartDelay_AfterAGoodLife_IsJustBeyondBfdDetection() =>
        Assert.Equal(TimeSpan.FromSeconds(1.2), new RestartDelay().After(TimeSpan.FromHours(1), TimeSpan.FromSeconds(0.9)));

    [Fact]
    public void RestartDelay_DyingAtOnceAgainAndAgain_DoublesUpToAMinuteAndIsForgivenByAGoodLife()
    {
        var delay = new RestartDelay();
        var delays = Enumerable.Range(0, 10).Select(_ => delay.After(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.9)).TotalSeconds).ToList();
        Assert.Equal([1.2, 1.2, 2.4, 4.8, 9.6, 19.2, 38.4, 60, 60, 60], delays);
        Assert.Equal(TimeSpan.FromSeconds(1.2), delay.After(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(0.9)));
    }

    [Fact]
    public void Status_SummaryAndBfdOfFrr_BecomeNeighbours()
    {
        const string said = """
            {
            "ipv4Unicast":{"routerId":"10.249.0.3","peers":{
              "mo-00000002":{"remoteAs":4200000002,"peerUptime":"never","peerUptimeMsec":0,"pfxRcd":0,"state":"Active"},
              "mo-00000001":{"remoteAs":4200000001,"peerUptime":"00:01:02","peerUptimeMsec":62000,"pfxRcd":3,"state":"Established"}}}
            ,
            "ipv6Unicast":{"peers":{
              "mo-00000001":{"remoteAs":4200000001,"peerUptimeMsec":62000,"pfxRcd":2,"state":"Established"}}}
            }
            [{"multihop":false,"peer":"fe80::1","interface":"mo-00000001","status":"up"},{"peer":"fe80::2","interface":"mo-00000002","status":"down"}]
            """;
        var neighbors = StatusReader.ParseNeighbors(said);
        Assert.Equal(
            [
                new NeighborStatus { Interface = "mo-00000001", BgpState = "Established", PrefixesReceived = 5, UptimeMs = 62000, BfdUp = true },
                new NeighborStatus { Interface = "mo-00000002", BgpState = "Active", PrefixesReceived = 0, UptimeMs = 0, BfdUp = false },
            ],
            neighbors);
    }

    [Theory]
    [InlineData("% BGP instance not found")]
    [InlineData("{\"ipv4Unicast\":")]
    [InlineData("{}")]
    public void Status_SomethingElseThanJson_IsAnError(string said) => Assert.ThrowsAny<JsonException>(() => StatusReader.ParseNeighbors(said));

    [Fact]
    public void Status_NoNeighbours_IsEmpty() => Assert.Empty(StatusReader.ParseNeighbors("{\n}\n[\n]\n"));

    [Theory]
    [InlineData("not json\n", "not a valid message")]
    [InlineData("[]\n", "not a valid message")]
    [InlineData("null\n", "not a valid message")]
    [InlineData("{\"v\":2,\"op\":\"status\"}\n", "not 2")]
    [InlineData("{\"op\":\"status\"}\n", "not 0")]
    [InlineData("{\"version\":9,\"oldest\":8,\"operation\":\"Hello\"}\n", "not 8 to 9: restart the older program")]
    public async Task Server_BadRequest_IsRefusedWithTheReason(string line, string reason)
    {
        await using var server = Serve((_, _) => Task.FromResult(new RoutingReply()));
        Assert.Contains(reason, await ExchangeAsync(line), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_AgentFromBeforeTheHello_IsServed()
    {
        await using var server = Serve((request, _) => Task.FromResult(new RoutingReply { Applied = new ApplyResult(request.Op == RoutingProtocol.Apply ? 7 : 0, Restarted: false) }));
        Assert.Contains("\"commands\":7", await ExchangeAsync("{\"v\":1,\"op\":\"apply\"}\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_ErrorOfTheOtherSide_IsThrownAsItIs()
    {
        await using var server = Serve((_, _) => throw new RoutingException("FRR is not installed"));
        var refused = await Assert.ThrowsAsync<RoutingException>(() => new RoutingClient(SocketPath).ApplyAsync(new FrrConfig("", "", "")));
        Assert.Equal("FRR is not installed", refused.Message);
    }

    [Fact]
    public async Task Client_WhatFrrRuns_IsToldWholeOrAsNothing()
    {
        FrrConfig? runs = new("z", "b", "f") { BgpPort = 1790 };
        await using var server = Serve((request, _) => Task.FromResult(new RoutingReply { Running = request.Op == RoutingProtocol.Running ? runs : null }));
        Assert.Equal(runs, await new RoutingClient(SocketPath).GetRunningAsync());
        runs = null;
        Assert.Null(await new RoutingClient(SocketPath).GetRunningAsync());
    }

    [Fact]
    public async Task Hello_TellsTheVersionThatBothSpeakAndWhatTheServerCan()
    {
        await using var server = Serve((_, _) => Task.FromResult(new RoutingReply()));
        await using var connection = await JsonConnection.OpenAsync(SocketPath, RoutingProtocol.Terms with { Newest = 5 }, CancellationToken.None);
        Assert.Equal(1, connection.Version);
        Assert.Equal(["apply", "status", "stop", "toggle-source-route-map", "running", "renew", "paths", "refused"], connection.Capabilities);
    }

    /// <summary>Word for word what releases before the Hello answer to it.</summary>
    [Fact]
    public async Task Client_DaemonFromBeforeTheHello_IsSpokenToInVersionOne()
    {
        var asked = new List<string>();
        await using var older = new UnixListener(SocketPath, async (stream, ct) =>
        {
            using var reader = new StreamReader(stream);
            await using var writer = new StreamWriter(stream) { AutoFlush = true };
            while (await reader.ReadLineAsync(ct) is { } line)
            {
                asked.Add(line);
                await writer.WriteLineAsync(line.Contains("\"v\":1", StringComparison.Ordinal)
                    ? "{\"v\":1,\"status\":{\"state\":\"Running\",\"frrVersion\":\"8.4.4\"}}"
                    : "{\"v\":1,\"error\":\"meshover routing speaks version 1 of its protocol, not 0: restart it, so that both are of one release\"}");
            }
        }, TimeProvider.System, NullLogger.Instance);
        Assert.Equal("8.4.4", (await new RoutingClient(SocketPath).GetStatusAsync()).FrrVersion);
        Assert.Equal(2, asked.Count);
    }

    [Fact]
    public async Task Client_DaemonThatSpeaksNoVersionOfOurs_SaysWhatToDoAndIsNoRefusalOfWords()
    {
        var server = new JsonServer<RoutingRequest, RoutingReply>(
            RoutingProtocol.Terms with { Oldest = 8, Newest = 9 }, RoutingJson.Default.RoutingRequest, RoutingJson.Default.RoutingReply, _ => new RoutingReply(),
            (_, _) => throw new InvalidOperationException("it is never asked"));
        await using var newer = new UnixListener(SocketPath, (stream, ct) => server.ServeAsync(stream, ct, ct), TimeProvider.System, NullLogger.Instance);
        var failed = await Assert.ThrowsAsync<RoutingException>(() => new RoutingClient(SocketPath).GetStatusAsync());
        Assert.Equal("`meshover routing` speaks versions 8 to 9 of its protocol, not 1: restart the older program.", failed.Message);
        Assert.NotNull(failed.InnerException);
    }

    [Fact]
    public async Task Client_NobodyServes_SaysWhatToStart()
    {
        var failed = await Assert.ThrowsAsync<RoutingException>(() => new RoutingClient(SocketPath).GetStatusAsync());
        Assert.Contains("start it with `meshover up`", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_Listening_IsForItsOwnerOnly()
    {
        await using var server = Serve((_, _) => Task.FromResult(new RoutingReply()));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
    }

    [Fact]
    public async Task SecondServer_OnTheSameSocket_IsRefusedAndLeavesTheSocketToTheFirst()
    {
        await using var first = Serve((_, _) => Task.FromResult(new RoutingReply()));
        Assert.Throws<RoutingException>(() => Serve((_, _) => Task.FromResult(new RoutingReply())));
        Assert.True(File.Exists(SocketPath));
    }

    [Fact]
    public async Task Server_ThatEnds_AnswersWhatWasBegun()
    {
        var (begun, done) = (new TaskCompletionSource(), new TaskCompletionSource());
        var server = Serve(async (_, _) =>
        {
            begun.SetResult();
            await done.Task;
            return new RoutingReply { Status = new RoutingStatus { State = RoutingState.Stopped } };
        });
        var asking = new RoutingClient(SocketPath).GetStatusAsync();
        await begun.Task;
        var ending = server.DisposeAsync();
        done.SetResult();
        Assert.Equal(RoutingState.Stopped, (await asking).State);
        await ending;
        Assert.False(File.Exists(SocketPath));
    }

    [Theory]
    [InlineData("# a comment\n!\nlog syslog informational\n", "bgpd=no\nvtysh_enable=yes\nzebra_options=\"  -A 127.0.0.1\"\n", SystemFrrKind.Untouched)]
    [InlineData("log syslog informational\nrouter bgp 65000\n", "bgpd=no\n", SystemFrrKind.Configured)]
    [InlineData("log syslog informational\n", "bgpd=yes\n", SystemFrrKind.Configured)]
    public void SystemFrr_IsUntouched_OnlyWhereNobodyConfiguredIt(string configuration, string daemons, SystemFrrKind kind)
    {
        File.WriteAllText(Path.Combine(_directory, "frr.conf"), configuration);
        File.WriteAllText(Path.Combine(_directory, "daemons"), daemons);
        Assert.Equal(kind, SystemFrr.Inspect(_directory).Kind);
    }

    [Theory]
    [InlineData("zebra.conf", "! nothing\nlog syslog\n", false)]
    [InlineData("zebra.conf", "ip route 10.0.0.0/8 blackhole\n", true)]
    [InlineData("staticd.conf", "ip route 10.0.0.0/8 blackhole\n", true)]
    [InlineData("frr.conf", "ip route 10.0.0.0/8 blackhole\n", false)]
    public void SystemFrr_FileThatMgmtdWouldRead_IsFoundWhereItSaysSomething(string name, string text, bool found)
    {
        File.WriteAllText(Path.Combine(_directory, name), text);
        Assert.Equal(found, SystemFrr.LineForMgmtd(_directory)?.Contains($"{name} says 'ip route", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData("FRRouting version 9.1", false)] // has an mgmtd, which nobody starts for its zebra
    [InlineData("FRRouting version 10.0", true)]
    [InlineData(null, true)]
    public void Preflight_FileThatMgmtdWouldRead_IsAHindranceWhereOneIsStarted(string? said, bool isHindrance)
    {
        File.WriteAllText(Path.Combine(_directory, "zebra.conf"), "ip route 10.0.0.0/8 blackhole\n");
        File.WriteAllText(Path.Combine(_directory, "mgmtd"), "");
        var options = new RoutingOptions { FrrBinaries = _directory };
        var features = said is null ? null : FrrFeatures.Of(FrrVersion.Find(said));
        Assert.Equal(isHindrance, RoutingPreflight.ReadByMgmtd(options, features, _directory) is not null);
    }

    [Fact]
    public void FrrUser_IsFoundInThePasswords()
    {
        var file = Path.Combine(_directory, "passwd");
        File.WriteAllText(file, "root:x:0:0:root:/root:/bin/bash\nfrr2:x:7:7::/:/bin/false\nfrr:x:105:112:Frr routing suite:/nonexistent:/usr/sbin/nologin\n");
        Assert.Equal(105u, FrrUser.Find(file));
        Assert.Null(FrrUser.Find(Path.Combine(_directory, "none")));
    }

    private string SocketPath => Path.Combine(_directory, "routing.sock");

    private RoutingServer Serve(Func<RoutingRequest, CancellationToken, Task<RoutingReply>> handle) =>
        new(SocketPath, handle, TimeProvider.System, NullLogger.Instance, CancellationToken.None);

    private async Task<string> ExchangeAsync(string line)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath));
        await socket.SendAsync(Encoding.UTF8.GetBytes(line));
        using var reader = new StreamReader(new NetworkStream(socket));
        return await reader.ReadLineAsync() ?? "";
    }
}
