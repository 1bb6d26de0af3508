using System.Net;
using System.Text.Json;
using Meshover.Agent.Trust;
using Meshover.Cli.Status;
using Meshover.Contract.V1;
using Meshover.Mesh.Identity;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Time.Testing;
using Spectre.Console;
using Xunit;
using EnginePeer = Meshover.WireGuard.Control.PeerStatus;

namespace Meshover.UnitTests.Cli;

public sealed class StatusTests
{
    [Fact]
    public void Table_HealthyNode_ReadsAsExpected() => GoldenFile.Equal("Golden/status-healthy.txt", Table(AgentStatusReader.Read(StatusSamples.Healthy())));

    [Fact]
    public void Table_DegradedNode_ReadsAsExpected() => GoldenFile.Equal("Golden/status-degraded.txt", Table(AgentStatusReader.Read(StatusSamples.Degraded())));

    [Theory]
    [InlineData(119, "peer address path endpoint handshake rtt received sent bgp prefixes")]
    [InlineData(118, "peer address path endpoint handshake rtt received bgp prefixes")]
    [InlineData(80, "peer path endpoint rtt bgp prefixes")]
    [InlineData(40, "peer path bgp")]
    public void Table_NarrowTerminal_LeavesOutWhatMattersLeastAndWrapsNoCell(int width, string expected)
    {
        var lines = Table(AgentStatusReader.Read(StatusSamples.Healthy()), width).Split('\n');
        Assert.Contains(lines, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).SequenceEqual(expected.Split(' ')));
        Assert.Contains(lines, line => line.StartsWith("  n2 ", StringComparison.Ordinal) && line.Contains("Established", StringComparison.Ordinal));
    }

    [Fact]
    public void Table_OfAnotherMachine_HasNothingInItThatATerminalWouldObey()
    {
        var status = StatusSamples.Degraded();
        const string wrong = "x\e]0;owned\a[red]";
        (status.Hostname, status.Dataplane.Reason, status.Routing.Kind, status.ControllerError) = (wrong, wrong, wrong, wrong);
        (status.Peers[0].Hostname, status.Peers[0].PathReason, status.Peers[0].BgpState) = (wrong, wrong, wrong);
        status.Kernel.Errors.Add(wrong);

        var table = Table(AgentStatusReader.Read(status));

        Assert.DoesNotContain('\e', table);
        Assert.Equal(9, table.Split("x?]0;owned?[red]").Length - 1);
    }

    [Fact]
    public void Table_AgentDead_TellsWhatTheOthersKnow() => GoldenFile.Equal("Golden/status-agent-dead.txt", Table(Remnant().Read()));

    [Fact]
    public void Table_NothingRuns_SaysHowToBegin() => GoldenFile.Equal("Golden/status-down.txt", Table(Nothing.Read()));

    [Fact]
    public void Json_HealthyNode_ReadsAsExpected() =>
        GoldenFile.Equal("Golden/status-healthy.json", JsonSerializer.Serialize(AgentStatusReader.Read(StatusSamples.Healthy()), StatusJson.Default.StatusDocument) + "\n");

    [Fact]
    public void Schema_IsTheOneInDocs() => GoldenFile.Equal("../../../docs/status.schema.json", JsonSchemaText.Of(StatusJson.Default.Options, typeof(StatusDocument)));

    [Fact]
    public void State_AllWell_IsUp() => Assert.Equal(NodeState.Up, AgentStatusReader.Read(StatusSamples.Healthy()).State);

    [Fact]
    public void State_PeerThatIsOff_IsUpAndTheOneThatIsUnreachedForAnotherReasonIsNot()
    {
        var status = StatusSamples.Healthy();
        status.Peers[0].Path = "none";
        Assert.Equal(NodeState.Degraded, AgentStatusReader.Read(status).State);

        status.Peers[0].Silent = true;
        var read = AgentStatusReader.Read(status);
        Assert.Equal(NodeState.Up, read.State);
        Assert.Equal(("none", true), (read.Peers[1].Path, read.Peers[1].Silent));
    }

    [Fact]
    public void State_ControllerAway_IsUpAllTheSame()
    {
        var status = StatusSamples.Healthy();
        status.ControllerState = "unreachable";

        Assert.Equal(NodeState.Up, AgentStatusReader.Read(status).State);
    }

    [Fact]
    public void State_NoMapYet_IsDegraded()
    {
        var status = StatusSamples.Healthy();
        status.MapAgeSeconds = -1;

        Assert.Equal(NodeState.Degraded, AgentStatusReader.Read(status).State);
    }

    [Theory]
    [InlineData("off", NodeState.Up)]
    [InlineData("starting", NodeState.Degraded)]
    [InlineData("failed", NodeState.Degraded)]
    public void State_FollowsTheComponents(string routing, object expected)
    {
        var status = StatusSamples.Healthy();
        status.Routing.State = routing;

        Assert.Equal(expected, AgentStatusReader.Read(status).State);
    }

    [Fact]
    public void State_OnePeerWithoutPath_IsDegraded() => Assert.Equal(NodeState.Degraded, AgentStatusReader.Read(StatusSamples.Degraded()).State);

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(ulong.MaxValue, "16.0 EiB")]
    public void Bytes_AreShortened(ulong bytes, string expected) => Assert.Equal(expected, StatusTable.Bytes(bytes));

    [Theory]
    [InlineData(59, "59 s")]
    [InlineData(60, "1 min")]
    [InlineData(7300, "2 h")]
    [InlineData(200000, "2 d")]
    public void Age_IsShortened(long seconds, string expected) => Assert.Equal(expected, StatusTable.Age(seconds));

    private static RemnantStatus Nothing => new() { Identity = null, Map = null, Dataplane = null, Routing = null };

    private static RemnantStatus Remnant()
    {
        var identity = IdentityFactory.Create("n1", new FakeTimeProvider()) with
        {
            WireGuardPrivateKey = Convert.ToBase64String([.. Enumerable.Range(1, 32).Select(i => (byte)i)]),
            Credential = "jwt",
            Numbers = new NodeNumbers(
                new NodeId(1), IPAddress.Parse("10.249.0.1"), IPAddress.Parse("fd12::1"), IPAddress.Parse("198.18.0.1"), new Asn(4200000000)),
        };
        var key = new WireGuardKey(Enumerable.Repeat((byte)2, 32).ToArray());
        var peer = new NodeInfo { Id = 2, Hostname = "n2", Address4 = "10.249.0.2", Address6 = "fd12::2", Asn = 4200000001 };
        peer.WireguardKeys.Add(Google.Protobuf.ByteString.CopyFrom(key.Bytes));
        return new RemnantStatus
        {
            Identity = identity,
            Map = new MeshSnapshot { StoreId = "s1", Revision = 42, Nodes = { peer } },
            Dataplane = new DataplaneStatus { Version = "0.1.0", ListenPort = 12912, Peers = [DataplanePeer(key)] },
            Routing = new RoutingStatus
            {
                State = RoutingState.Running,
                FrrVersion = "8.4.4",
                Neighbors = [new NeighborStatus { Interface = "mo-00000002", BgpState = "Established", PrefixesReceived = 4, UptimeMs = 1, BfdUp = true }],
            },
        };
    }

    private static EnginePeer DataplanePeer(WireGuardKey key) => new()
    {
        PublicKey = key,
        Endpoint = IPEndPoint.Parse("192.0.2.12:12912"),
        LastHandshakeAgeMs = 17_400,
        LastReceiveAgeMs = 200,
        RxBytes = 1536,
        TxBytes = 10,
        LinkName = "mo-00000002",
    };

    private static string Table(StatusDocument status, int width = 400)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = width;
        StatusTable.Write(console, status);
        return string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd()));
    }
}
