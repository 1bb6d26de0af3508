using System.Text;
using System.Text.Json;
using Meshover.Linux.LocalSockets;
using Meshover.WireGuard.Control;

namespace Meshover.UnitTests.WireGuard.Control;

public sealed class ControlMessageTests
{
    private const string Zero = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    [Fact]
    public async Task Line_OfARequest_ReadsBackTheSame()
    {
        var peer = Configs.Peer(1) with { PresharedKey = Configs.Plain.PrivateKey };
        var request = ControlRequest.To(ControlOperation.Apply) with { Config = Configs.With(peer) };
        using var stream = new MemoryStream();
        await new JsonLines(stream, ControlProtocol.Terms.LongestLine).WriteAsync(request, ControlJson.Default.ControlRequest, CancellationToken.None);
        stream.Position = 0;

        var read = await new JsonLines(stream, ControlProtocol.Terms.LongestLine).ReadAsync(ControlJson.Default.ControlRequest, CancellationToken.None);

        Assert.Equal(Json(request), Json(read!));
        Assert.Equal(Configs.Plain.PrivateKey, read!.Config!.Peers[0].PresharedKey);
    }

    [Fact]
    public async Task Line_OfAnotherVersionsProgram_IgnoresFieldsItDoesNotKnow()
    {
        var request = await ReadAsync("""{"version":1,"operation":"Status","mood":"fine","config":null}""" + "\n");
        Assert.Equal("Status", request!.Operation);
    }

    [Fact]
    public async Task Line_WithFieldsLeftOut_GivesThemTheirDefaults()
    {
        var request = await ReadAsync($$$"""{"operation":"Apply","config":{"interface":"wg0","privateKey":"{{{Zero}}}","listenPort":0,"mtu":1420}}""" + "\n");
        Assert.Equal(ControlProtocol.Terms.Newest, request!.Version);
        Assert.Empty(request.Upserts);
        Assert.Empty(request.Config!.Peers);
    }

    [Theory]
    [InlineData("[::ffff:192.0.2.1]:7", "192.0.2.1:7")]
    [InlineData("[2001:db8::1]:7", "[2001:db8::1]:7")]
    public async Task Line_WithAnEndpoint_HasItOfTheFamilyThatItIsOf(string said, string endpoint)
    {
        var request = await ReadAsync($$$"""{"operation":"SetEndpoint","key":"{{{Zero}}}","endpoint":"{{{said}}}"}""" + "\n");
        Assert.Equal(endpoint, request!.Endpoint!.ToString());
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("""{"operation":"Apply","config":{}}""")]
    [InlineData("""{"operation":"SetEndpoint","key":"short","endpoint":"192.0.2.1:1"}""")]
    [InlineData("""{"operation":"SetEndpoint","endpoint":"192.0.2.1"}""")]
    [InlineData($$$"""{"operation":"Update","upserts":[{"publicKey":"{{{Zero}}}","allowedIps":["10.0.0.0/33"]}]}""")]
    [InlineData("""{"version":1,"version":1}""")]
    [InlineData($$$"""{"operation":"Apply","config":{"interface":null,"privateKey":"{{{Zero}}}","listenPort":0,"mtu":1420}}""")]
    public async Task Line_ThatIsNoRequest_IsRefused(string line) =>
        await Assert.ThrowsAnyAsync<JsonException>(() => ReadAsync(line + "\n"));

    [Fact]
    public async Task Line_CutShort_IsNotTakenForAMessage() =>
        await Assert.ThrowsAsync<IOException>(() => ReadAsync("""{"operation":"Stop"}"""));

    [Fact]
    public async Task Line_AtTheEndOfTheStream_IsNone() => Assert.Null(await ReadAsync(""));

    [Fact]
    public void Secret_InText_IsHidden()
    {
        Assert.DoesNotContain(Convert.ToBase64String(Configs.Plain.PrivateKey.Bytes), Configs.Plain.ToString());
        Assert.Contains("(hidden)", Configs.Plain.ToString());
    }

    private static async Task<ControlRequest?> ReadAsync(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return await new JsonLines(stream, ControlProtocol.Terms.LongestLine).ReadAsync(ControlJson.Default.ControlRequest, CancellationToken.None);
    }

    private static string Json(ControlRequest request) => JsonSerializer.Serialize(request, ControlJson.Default.ControlRequest);
}
