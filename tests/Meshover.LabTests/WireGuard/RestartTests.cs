using System.Net;
using System.Net.Sockets;
using Meshover.WireGuard;
using Meshover.WireGuard.Control;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.LabTests.WireGuard;

public sealed class RestartTests
{
    // One in fifteen of them shows it, if it is not so.
    private const int Restarts = 30;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Restart_WithoutAnyAgent_EveryPairIsBackWithin3Seconds()
    {
        await using var mesh = await Mesh.CreateAsync(4);
        await PingAllAsync(mesh, Deadline);

        await mesh.Engines[0].StopAsync();
        mesh.Engines[0].Start();

        await PingAllAsync(mesh, Recovery);
    }

    // What waited for the session goes before what comes when it is there.
    [Fact]
    public async Task Restart_UnderAStreamOfDatagrams_KeepsTheirOrder()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);
        using var receiver = pair.Wire.NewSocket(2, AddressFamily.InterNetwork, SocketType.Dgram);
        receiver.Bind(new IPEndPoint(IPAddress.Parse("10.99.0.2"), 0));
        using var sender = pair.Wire.NewSocket(1, AddressFamily.InterNetwork, SocketType.Dgram);
        await sender.ConnectAsync(receiver.LocalEndPoint!);
        using var over = new CancellationTokenSource();
        var sending = Task.Run(() => SendNumbersAsync(sender, over.Token));
        var last = -1;
        for (var restart = 0; restart < Restarts; restart++)
        {
            await pair.Engines[0].StopAsync();
            pair.Engines[0].Start();
            for (var taken = 0; taken < 2_000; taken++)
            {
                var number = await ReceiveNumberAsync(receiver).WaitAsync(Deadline, TimeProvider.System);
                Assert.True(number > last, $"{number} came after {last}");
                last = number;
            }
        }
        await over.CancelAsync();
        await sending;
    }

    [Fact]
    public async Task Restart_PeerThatRoamed_IsCalledWhereItWas()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);
        await pair.Wire.IpAsync(2, "addr", "del", "10.77.0.2/24", "dev", "eth0");
        await pair.Wire.IpAsync(2, "addr", "add", "10.77.0.102/24", "dev", "eth0");
        await pair.Wire.WaitForPingAsync(2, "10.99.0.1", Deadline);

        await pair.Engines[0].StopAsync();
        pair.Engines[0].Start();

        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Recovery);
        Assert.Equal(IPEndPoint.Parse("10.77.0.102:12912"), (await pair.Engines[0].PeerAsync()).Endpoint);
    }

    [Fact]
    public async Task Stop_WithoutTeardown_LeavesDevicesWithTheirAddresses()
    {
        await using var pair = await Mesh.CreateAsync(2);

        await pair.Engines[0].StopAsync();
        var addresses = await pair.Wire.IpAsync(1, "addr") + await pair.Wire.IpAsync(1, "link");
        pair.Engines[0].Start();

        Assert.Contains("198.18.0.1/24", addresses);
        Assert.Contains("fe80::1/64", addresses);
        Assert.Contains("alias number 2", addresses);
    }

    [Fact]
    public async Task Stop_WithTeardown_LeavesNothingButHowFarItsTimestampsHadCome()
    {
        await using var pair = await Mesh.CreateAsync(2);
        var engine = pair.Engines[0];

        await engine.Client.StopAsync(teardown: true);
        await engine.Running;

        var links = await pair.Wire.IpAsync(1, "-o", "link");
        Assert.DoesNotContain("meshover0", links);
        Assert.DoesNotContain("mo-", links);
        var files = Directory.GetFiles(Path.GetDirectoryName(engine.Options.SocketPath)!, "*", SearchOption.AllDirectories);
        Assert.Equal([engine.Options.TimestampPath], files);
    }

    [Fact]
    public async Task Start_SecondEngineOnTheSameSocket_IsRefused()
    {
        await using var pair = await Mesh.CreateAsync(2);

        var fault = await Assert.ThrowsAsync<DataplaneException>(() => pair.Wire.In(1, () =>
            DataplaneDaemon.RunAsync(pair.Engines[0].Options, NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None)));

        Assert.Contains("already serves", fault.Message);
        Assert.Single((await pair.Engines[0].Client.GetStatusAsync()).Peers);
    }

    [Fact]
    public async Task Client_WithNoEngine_SaysWhatToDo()
    {
        var fault = await Assert.ThrowsAsync<DataplaneException>(() => new DataplaneClient("/nowhere/engine.sock").GetStatusAsync());
        Assert.Equal(DataplaneError.Unreachable, fault.Error);
        Assert.Contains("meshover up", fault.Message);
    }

    private static async Task SendNumbersAsync(Socket sender, CancellationToken over)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        for (var number = 0; !over.IsCancellationRequested; await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            for (var end = number + 20; number < end; number++)
                await sender.SendAsync(BitConverter.GetBytes(number), CancellationToken.None);
        }
    }

    private static async Task<int> ReceiveNumberAsync(Socket receiver)
    {
        var datagram = new byte[sizeof(int)];
        await receiver.ReceiveAsync(datagram);
        return BitConverter.ToInt32(datagram);
    }

    private static async Task PingAllAsync(Mesh mesh, TimeSpan deadline)
    {
        foreach (var other in mesh.Others(1))
            await mesh.Wire.WaitForPingAsync(1, $"10.99.0.{other}", deadline);
    }
}
