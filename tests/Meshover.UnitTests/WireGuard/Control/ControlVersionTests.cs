using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using Meshover.UnitTests.WireGuard.Uapi;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.UnitTests.WireGuard.Control;

/// <summary>
/// Programs of other releases, as recorded: those before the Hello word for word, and a later one that knows fields, operations and errors
/// that are not known here, and speaks version 2 as well.
/// </summary>
public sealed class ControlVersionTests
{
    private const string Key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    private const string PlainConfig =
        $$$"""{"interface":"meshover0","privateKey":"{{{Key}}}","listenPort":12912,"firewallMark":109,"mtu":1420,"peers":[]}""";

    private const string OlderStatus = """{"version":1,"operation":"Status","upserts":[],"removed":[],"teardown":false}""";
    private const string OlderApply =
        $$$"""{"version":1,"operation":"Apply","config":{{{PlainConfig}}},"upserts":[],"removed":[],"teardown":false}""";

    private const string NewerHello =
        """{"version":2,"oldest":1,"operation":"Hello","release":"9.1.0","wants":["quantum"],"upserts":[]}""";
    private const string NewerApply =
        $$$"""{"version":1,"operation":"Apply","config":{"interface":"meshover0","privateKey":"{{{Key}}}","listenPort":12912,"mtu":1420,"colour":{"r":1},"peers":[{"publicKey":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=","allowedIps":["10.0.0.0/8"],"weight":7}]},"dryRun":null}""";

    private readonly FakeControl _engine = new();

    [Fact]
    public async Task OlderAgent_WithoutAHello_IsServed()
    {
        var answers = await AskEngineAsync(OlderApply, OlderStatus);

        Assert.Equal("""{"version":1}""", answers[0]);
        Assert.Equal("0.0.1", Parse(answers[1]).GetProperty("status").GetProperty("version").GetString());
        Assert.Equal("meshover0", _engine.Applied!.Interface);
    }

    [Fact]
    public async Task NewerAgent_AgreesOnOurVersionAndItsUnknownFieldsAreIgnored()
    {
        var answers = await AskEngineAsync(NewerHello, NewerApply);

        Assert.Equal("""{"version":1,"capabilities":["Status","Apply","Update","SetEndpoint","Stop"]}""", answers[0]);
        Assert.Equal("""{"version":1}""", answers[1]);
        Assert.Equal(IPNetwork.Parse("10.0.0.0/8"), _engine.Applied!.Peers[0].AllowedIps[0]);
    }

    [Fact]
    public async Task NewerAgent_WithAnUnknownRequest_IsToldSoAndServedOn()
    {
        var answers = await AskEngineAsync(
            NewerHello, """{"version":1,"operation":"SetWeather","sunny":true}""", """{"version":1,"operation":"17"}""", OlderStatus);

        Assert.Equal("Version", Parse(answers[1]).GetProperty("error").GetString());
        Assert.Contains("does not know the request 'SetWeather'", Parse(answers[1]).GetProperty("message").GetString());
        Assert.Contains("does not know the request '17'", Parse(answers[2]).GetProperty("message").GetString());
        Assert.False(Parse(answers[3]).TryGetProperty("error", out _));
    }

    [Theory]
    [InlineData("""{"version":3,"oldest":2,"operation":"Hello"}""", "not 2 to 3")]
    [InlineData("""{"version":2,"operation":"Hello"}""", "not 2")]
    [InlineData("""{"version":0,"operation":"Hello"}""", "not 0")]
    [InlineData("""{"version":2,"operation":"Status"}""", "not 2")]
    [InlineData("""{"version":2,"operation":"Apply","config":7}""", "not a valid message")]
    public async Task NewerAgent_ThatSpeaksNoVersionOfOurs_IsToldSo(string request, string reason)
    {
        var answer = Parse((await AskEngineAsync(request))[0]);

        Assert.Contains(reason, answer.GetProperty("message").GetString());
        Assert.Null(_engine.Applied);
    }

    [Fact]
    public async Task Update_WithAPeerThatIsNull_IsRefusedAndTheNextIsAnswered()
    {
        var answers = await AskEngineAsync(OlderApply, """{"version":1,"operation":"Update","upserts":[null]}""", OlderStatus);

        Assert.Equal("Refused", Parse(answers[1]).GetProperty("error").GetString());
        Assert.False(Parse(answers[2]).TryGetProperty("error", out _));
    }

    [Fact]
    public async Task MessageThatIsNone_IsRefusedAndTheNextIsAnswered()
    {
        var answers = await AskEngineAsync("nonsense", OlderStatus);

        Assert.Equal("Refused", Parse(answers[0]).GetProperty("error").GetString());
        Assert.False(Parse(answers[1]).TryGetProperty("error", out _));
    }

    [Fact]
    public async Task OlderEngine_WithoutAHello_IsSpokenToInVersionOne()
    {
        await using var engine = new RecordedEngine(
            """{"version":1,"error":"Refused","message":"The request is not a valid message: The JSON value could not be converted to Meshover.WireGuard.Control.ControlRequest. Path: $.operation | LineNumber: 0 | BytePositionInLine: 43. Nothing was changed."}""",
            RecordedEngine.Close,
            """{"version":1,"status":{"version":"0.1.0","interface":"meshover0","publicKey":"pOCSkrZRwni5dyxWn1\u002BpuxPZBrRqtoyd\u002BdwrRAn4ogk=","listenPort":12912,"peers":[],"drops":{},"offloads":["ipv4","ipv6","udp-gso","udp-gro","tun-tso","tun-uso"]}}""");

        Assert.Equal(12912, (await engine.Client.GetStatusAsync()).ListenPort);
        Assert.Equal(["Hello", "Status"], engine.Operations);
        Assert.Equal(1, Parse(engine.Requests[1]).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task NewerEngine_AgreesOnOurVersionAndItsUnknownFieldsAreIgnored()
    {
        await using var engine = new RecordedEngine(
            """{"version":1,"newest":4,"release":"9.1.0","operations":["Hello","Status","SetWeather"]}""",
            $$$$"""{"version":1,"mood":"fine","status":{"version":"9.1.0","interface":"meshover0","peers":[{"publicKey":"{{{{Key}}}}","lastHandshakeAgeMs":5,"lastReceiveAgeMs":6,"rxBytes":7,"txBytes":8,"weight":[9]}],"weather":{"sunny":true}}}""");

        var status = await engine.Client.GetStatusAsync();

        Assert.Equal("9.1.0", status.Version);
        Assert.Equal(7, status.Peers[0].RxBytes);
        Assert.Equal(1, Parse(engine.Requests[1]).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task NewerEngine_FailsInAWayWithoutANameHere_ItsMessageIsPassedOn()
    {
        await using var engine = new RecordedEngine(
            """{"version":1}""", """{"version":1,"error":"Overheated","message":"It is too warm.","degrees":99}""");

        var fault = await Assert.ThrowsAsync<DataplaneException>(() => engine.Client.StopAsync(teardown: false));

        Assert.Equal((DataplaneError.Failed, "It is too warm."), (fault.Error, fault.Message));
    }

    [Theory]
    [InlineData("""{"version":7,"error":"Version","message":"Restart the older program."}""", "Restart the older program.")]
    [InlineData("""{"version":7}""", "version 7")]
    public async Task NewerEngine_ThatSpeaksNoVersionOfOurs_IsNotUsed(string hello, string reason)
    {
        await using var engine = new RecordedEngine(hello);

        var fault = await Assert.ThrowsAsync<DataplaneException>(() => engine.Client.GetStatusAsync());

        Assert.Equal(DataplaneError.Version, fault.Error);
        Assert.Contains(reason, fault.Message);
        Assert.Equal(["Hello"], engine.Operations);
    }

    private async Task<string[]> AskEngineAsync(params string[] requests)
    {
        var stream = new Dialogue(string.Concat(requests.Select(request => request + "\n")));
        await new ControlServer(_engine).ServeAsync(stream, CancellationToken.None);
        return stream.Answers.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    private sealed class FakeControl : IControlLoop, IControlTarget
    {
        public DataplaneConfig? Applied { get; private set; }

        public Task<T> RunAsync<T>(Func<IControlTarget, T> action, CancellationToken cancellationToken) => Task.FromResult(action(this));

        public Task StopAsync(bool teardown) => Task.CompletedTask;

        public void Acknowledge()
        {
        }

        public DataplaneStatus ReadStatus() => new() { Version = "0.0.1" };

        public void Apply(DataplaneConfig config) => Applied = config;

        public void Update(ImmutableArray<PeerConfig> upserts, ImmutableArray<WireGuardKey> removed) =>
            Applied = ConfigEdit.Update(Applied!, upserts, removed);

        public void SetEndpoint(WireGuardKey key, IPEndPoint endpoint)
        {
        }
    }
}
