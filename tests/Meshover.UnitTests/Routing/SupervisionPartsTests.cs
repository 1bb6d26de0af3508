using System.Net.Sockets;
using System.Text;
using System.Text.Json;
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
    [InlineData("not json\n", "not a request")]
    [InlineData("[]\n", "not a request")]
    [InlineData("null\n", "not a request")]
    [InlineData("{\"v\":2,\"op\":\"status\"}\n", "version 1")]
    [InlineData("{\"op\":\"status\"}\n", "version 1")]
    public async Task Server_BadRequest_IsRefusedWithTheReason(string line, string reason)
    {
        using var server = new RoutingServer(SocketPath, (_, _) => Task.FromResult(new RoutingReply()), TimeProvider.System, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        server.Listen();
        var serving = server.RunAsync(stop.Token, CancellationToken.None);
        Assert.Contains(reason, await ExchangeAsync(line), StringComparison.Ordinal);
        await stop.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task Client_ErrorOfTheOtherSide_IsThrownAsItIs()
    {
        using var server = new RoutingServer(SocketPath, (_, _) => throw new RoutingException("FRR is not installed"), TimeProvider.System, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        server.Listen();
        var serving = server.RunAsync(stop.Token, CancellationToken.None);
        var refused = await Assert.ThrowsAsync<RoutingException>(() => new RoutingClient(SocketPath).ApplyAsync(new FrrConfig("", "", "")));
        Assert.Equal("FRR is not installed", refused.Message);
        await stop.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task Client_NobodyServes_SaysWhatToStart()
    {
        var failed = await Assert.ThrowsAsync<RoutingException>(() => new RoutingClient(SocketPath).GetStatusAsync());
        Assert.Contains("start it with 'meshover routing'", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Server_Listening_IsForItsOwnerOnly()
    {
        using var server = new RoutingServer(SocketPath, (_, _) => Task.FromResult(new RoutingReply()), TimeProvider.System, NullLogger.Instance);
        server.Listen();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
    }

    [Fact]
    public void SecondServer_OnTheSameSocket_IsRefusedAndLeavesTheSocketToTheFirst()
    {
        using var first = new RoutingServer(SocketPath, (_, _) => Task.FromResult(new RoutingReply()), TimeProvider.System, NullLogger.Instance);
        first.Listen();
        using (var second = new RoutingServer(SocketPath, (_, _) => Task.FromResult(new RoutingReply()), TimeProvider.System, NullLogger.Instance))
            Assert.Throws<RoutingException>(second.Listen);
        Assert.True(File.Exists(SocketPath));
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

    [Fact]
    public void FrrUser_IsFoundInThePasswords()
    {
        var file = Path.Combine(_directory, "passwd");
        File.WriteAllText(file, "root:x:0:0:root:/root:/bin/bash\nfrr2:x:7:7::/:/bin/false\nfrr:x:105:112:Frr routing suite:/nonexistent:/usr/sbin/nologin\n");
        Assert.Equal(105u, FrrUser.Find(file));
        Assert.Null(FrrUser.Find(Path.Combine(_directory, "none")));
    }

    private string SocketPath => Path.Combine(_directory, "routing.sock");

    private async Task<string> ExchangeAsync(string line)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath));
        await socket.SendAsync(Encoding.UTF8.GetBytes(line));
        using var reader = new StreamReader(new NetworkStream(socket));
        return await reader.ReadLineAsync() ?? "";
    }
}
