using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Engines of ours among themselves, with GRE links. Between i and j the link has the addresses 10.99.0.i and 10.99.0.j, fe80::i and
/// fe80::j.
/// </summary>
public sealed class EngineTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Link_CarriesBothFamilies_Unharmed(bool v6Underlay)
    {
        await using var pair = await Mesh.CreateAsync(2, v6Underlay);
        await pair.Wire.WaitForPingAsync(1, "fe80::2%mo-00000002", Deadline);

        await Traffic.TcpAsync(pair.Wire, 1, 2, IPAddress.Parse("10.99.0.2"), 100_000_000, seed: 1);
        await Traffic.TcpAsync(pair.Wire, 2, 1, IPAddress.Parse("fd99::1"), 100_000_000, seed: 2);
        await Traffic.UdpAsync(pair.Wire, 1, 2, IPAddress.Parse("fd99::2"), trains: 500, seed: 3);
        Assert.Empty((await pair.Engines[0].Client.GetStatusAsync()).Drops);
    }

    [Fact]
    public async Task Link_OfTheLargestPacket_IsNotFragmented()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);
        await pair.Wire.RunAsync(1, "ping", "-n", "-c", "3", "-i", "0.2", "-M", "do", "-s", "1368", "10.99.0.2");
    }

    [Fact]
    public async Task Apply_SameAgain_DisturbsNothing()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);
        var counting = pair.Wire.CountLostAsync(1, "10.99.0.2", 50, "0.02");

        for (var i = 0; i < 5; i++)
            await pair.Engines[0].Client.ApplyAsync(pair.Config(1));

        Assert.Equal(0, await counting);
    }

    [Fact]
    public async Task Apply_PeerThatRoamed_StaysWhereItIs()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.IpAsync(2, "addr", "del", "10.77.0.2/24", "dev", "eth0");
        await pair.Wire.IpAsync(2, "addr", "add", "10.77.0.102/24", "dev", "eth0");
        await pair.Wire.WaitForPingAsync(2, "10.99.0.1", Deadline);

        await pair.Engines[0].Client.ApplyAsync(pair.Config(1));

        Assert.Equal(IPEndPoint.Parse("10.77.0.102:12912"), (await pair.Engines[0].PeerAsync()).Endpoint);
    }

    [Fact]
    public async Task Update_PeerRemoved_DeletesItsLinkAndLeavesTheOthers()
    {
        await using var mesh = await Mesh.CreateAsync(3);
        await mesh.Wire.WaitForPingAsync(1, "fe80::3%mo-00000003", Deadline);

        await mesh.Engines[0].Client.UpdateAsync([], [mesh.Engines[1].PublicKey]);

        await Until.TrueAsync("the link is gone", Deadline, async () => !await HasLinkAsync(mesh, "mo-00000002"));
        Assert.Equal(0, await mesh.Wire.CountLostAsync(1, "fe80::3%mo-00000003", 5, "0.05"));
    }

    [Fact]
    public async Task Update_PeerWithAnotherKey_TakesOverTheLink()
    {
        await using var mesh = await Mesh.CreateAsync(3);
        await mesh.Wire.WaitForPingAsync(1, "fe80::2%mo-00000002", Deadline);
        var index = await mesh.Wire.RunAsync(1, "cat", "/proc/net/dev_snmp6/mo-00000002");

        // Number 2's key changes: number 1 is told of it with the same link.
        var renewed = mesh.Config(1).Peers[0] with { PublicKey = mesh.Engines[2].PublicKey };
        await mesh.Engines[0].Client.UpdateAsync([renewed], [mesh.Engines[1].PublicKey]);

        Assert.Equal(index.Split('\n')[0], (await mesh.Wire.RunAsync(1, "cat", "/proc/net/dev_snmp6/mo-00000002")).Split('\n')[0]);
        Assert.Equal("mo-00000002", (await mesh.Engines[0].Client.GetStatusAsync()).Peers.Single().LinkName);
    }

    [Theory]
    [InlineData("del")]
    [InlineData("down")]
    public async Task Link_ChangedByHand_IsPutRight(string how)
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);

        string[] command = how == "del" ? ["link", "del", "mo-00000002"] : ["link", "set", "mo-00000002", "down"];
        await pair.Wire.IpAsync(1, command);

        await Until.TrueAsync("the link is up", TimeSpan.FromSeconds(5), async () =>
            (await pair.Wire.TryRunAsync(1, "ip", "link", "show", "mo-00000002", "up")).Output.Contains("LOWER_UP", StringComparison.Ordinal));
        await pair.Wire.IpAsync(1, "addr", "replace", "fe80::1/64", "dev", "mo-00000002", "nodad");
        await pair.Wire.WaitForPingAsync(1, "fe80::2%mo-00000002", Deadline);
    }

    [Fact]
    public async Task SetEndpoint_NewAddress_IsUsed()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);
        var v6 = new IPEndPoint(Wire.Address(2, v6: true), 12912);

        await pair.Engines[0].Client.SetEndpointAsync(pair.Engines[1].PublicKey, v6);

        Assert.Equal(0, await pair.Wire.CountLostAsync(1, "10.99.0.2", 5, "0.1"));
        Assert.Equal(v6, (await pair.Engines[0].PeerAsync()).Endpoint);
    }

    [Fact]
    public async Task Apply_PortInUse_SaysSoAndRunsOn()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);
        using var other = pair.Wire.NewSocket(1, System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Dgram);
        other.Bind(new IPEndPoint(IPAddress.Any, 4444));

        var fault = await FaultAsync(pair, pair.Config(1) with { ListenPort = 4444 });

        Assert.Equal(DataplaneError.PortTaken, fault.Error);
        Assert.Contains("another program uses it", fault.Message);
        Assert.Equal(0, await pair.Wire.CountLostAsync(1, "10.99.0.2", 5, "0.05"));
    }

    [Fact]
    public async Task Apply_DeviceNameTakenByAnother_ChangesNothing()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);
        await pair.Wire.IpAsync(1, "link", "add", "taken", "type", "bridge");
        var config = pair.Config(1);
        var good = Stranger(config.Peers[0], 8, "good");
        var wrong = Stranger(config.Peers[0], 9, "taken");

        var fault = await FaultAsync(pair, config with { Peers = [.. config.Peers, good, wrong] });

        Assert.Equal(DataplaneError.Failed, fault.Error);
        Assert.Single((await pair.Engines[0].Client.GetStatusAsync()).Peers);
        await Until.TrueAsync("the device that was made is gone", Deadline, async () => !await HasLinkAsync(pair, "good"));
    }

    [Fact]
    public async Task Apply_WrongConfiguration_IsRefusedWhole()
    {
        await using var pair = await Mesh.CreateAsync(2);
        var config = pair.Config(1);

        var fault = await FaultAsync(pair, config with { Mtu = 9, Interface = "a b", Peers = [] });

        Assert.Equal(DataplaneError.Refused, fault.Error);
        Assert.Contains("mtu is 9", fault.Message);
        Assert.Contains("'a b' is not an interface name", fault.Message);
        Assert.Single((await pair.Engines[0].Client.GetStatusAsync()).Peers);
    }

    private static PeerConfig Stranger(PeerConfig like, byte number, string link) => like with
    {
        PublicKey = new WireGuardKey([.. Enumerable.Repeat(number, 32)]),
        AllowedIps = [IPNetwork.Parse($"198.18.0.{number}/32")],
        Link = like.Link! with { Name = link, RemoteTunnel = IPAddress.Parse($"198.18.0.{number}") },
    };

    // What number 1 says to a configuration.
    private static Task<DataplaneException> FaultAsync(Mesh mesh, DataplaneConfig config) =>
        Assert.ThrowsAsync<DataplaneException>(() => mesh.Engines[0].Client.ApplyAsync(config));

    private static async Task<bool> HasLinkAsync(Mesh mesh, string link) =>
        (await mesh.Wire.TryRunAsync(1, "ip", "link", "show", link)).ExitCode == 0;
}
