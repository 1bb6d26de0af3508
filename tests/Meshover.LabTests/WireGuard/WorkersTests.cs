using System.Net;
using Meshover.WireGuard.Control;

namespace Meshover.LabTests.WireGuard;

/// <summary>Engines of four workers a direction, whose peers are divided among them. Number 1 has more peers than workers.</summary>
public sealed class WorkersTests
{
    private const int Workers = 4;
    private const int Nodes = 6;

    // What a full queue is for; TCP makes it good.
    private static readonly string[] MayHappen = ["HandoverFull", "DeviceRefused"];

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Links_OfSeveralWorkers_CarryEverythingUnharmed(bool v6Underlay)
    {
        await using var mesh = await ConnectedAsync(v6Underlay);

        await Task.WhenAll(mesh.Others(1).SelectMany(other => new[]
        {
            Traffic.TcpAsync(mesh.Wire, 1, other, IPAddress.Parse($"10.99.0.{other}"), 20_000_000, seed: other),
            Traffic.TcpAsync(mesh.Wire, other, 1, IPAddress.Parse("fd99::1"), 20_000_000, seed: 10 + other),
        }));

        await AssertNothingWentAstrayAsync(mesh);
    }

    [Fact]
    public async Task MainDevice_PeersOfSeveralWorkers_AreHandedTheirPackets()
    {
        await using var mesh = await ConnectedAsync();

        await Task.WhenAll(mesh.Others(1).SelectMany(other => new[]
        {
            Traffic.TcpAsync(mesh.Wire, 1, other, IPAddress.Parse(EngineHost.Tunnel(other)), 10_000_000, seed: other),
            Traffic.TcpAsync(mesh.Wire, other, 1, IPAddress.Parse("fd18::1"), 10_000_000, seed: 10 + other),
        }));

        await AssertNothingWentAstrayAsync(mesh);
    }

    [Fact]
    public async Task Restart_WithTrafficOnEveryLink_EveryPairComesBack()
    {
        await using var mesh = await ConnectedAsync();
        var transfers = mesh.Others(1)
            .Select(other => Traffic.TcpAsync(mesh.Wire, 1, other, IPAddress.Parse($"10.99.0.{other}"), 50_000_000, seed: other))
            .ToList();

        await mesh.Engines[0].StopAsync();
        mesh.Engines[0].Start();

        await Task.WhenAll(transfers).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
    }

    [Fact]
    public async Task Update_PeersComeAndGo_TheTrafficOfOthersIsUnharmed()
    {
        await using var mesh = await ConnectedAsync();
        var transfer = Traffic.TcpAsync(mesh.Wire, 1, 2, IPAddress.Parse("10.99.0.2"), 200_000_000, seed: 1);
        var pings = mesh.Wire.CountLostAsync(1, "10.99.0.3", 200, "0.01");
        var changing = mesh.Config(1).Peers.Skip(2).ToArray();

        for (var round = 0; round < 5; round++)
        {
            await mesh.Engines[0].Client.UpdateAsync([], [.. changing.Select(peer => peer.PublicKey)]);
            await mesh.Engines[0].Client.UpdateAsync([.. changing], []);
        }

        await transfer;
        Assert.Equal(0, await pings);
        await mesh.AddressLinksAsync(1);
        await PingAllAsync(mesh);
    }

    [Fact]
    public async Task Apply_OtherPort_IsUsedByEveryWorker()
    {
        await using var mesh = await ConnectedAsync();

        await mesh.Engines[0].Client.ApplyAsync(mesh.Config(1) with { ListenPort = 4444 });

        await PingAllAsync(mesh);
        foreach (var other in mesh.Others(1))
        {
            var peers = (await mesh.Engines[other - 1].Client.GetStatusAsync()).Peers;
            Assert.Equal(4444, peers.Single(peer => peer.PublicKey == mesh.Engines[0].PublicKey).Endpoint!.Port);
        }
    }

    private static async Task<Mesh> ConnectedAsync(bool v6 = false)
    {
        var mesh = await Mesh.CreateAsync(Nodes, v6, workers: Workers);
        await PingAllAsync(mesh);
        return mesh;
    }

    private static async Task PingAllAsync(Mesh mesh)
    {
        foreach (var other in mesh.Others(1))
            await mesh.Wire.WaitForPingAsync(1, $"10.99.0.{other}", Deadline);
    }

    private static async Task AssertNothingWentAstrayAsync(Mesh mesh)
    {
        foreach (var engine in mesh.Engines)
            Assert.All((await engine.Client.GetStatusAsync()).Drops.Keys, reason => Assert.Contains(reason, MayHappen));
    }
}
