using System.Net;
using System.Net.Sockets;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed class PacketPipelineTests : IDisposable
{
    private readonly ControlInbox _inbox = new();
    private readonly PacketPipeline _pipeline;

    public PacketPipelineTests() =>
        _pipeline = new PacketPipeline(new EngineClock(TimeProvider.System), _inbox, _ => new IndexTable(SystemEntropy.Instance));

    // Nobody reads yet, so that both buffers can be filled.
    [Fact]
    public void Drops_ThePortIsAnother_GoOnFromWhereTheyWere()
    {
        using var sender = new UdpClient(AddressFamily.InterNetwork);
        var full = UdpPort.Open(0, 0, OffloadKinds.None, workers: 1);
        _pipeline.SetUdp(full);
        Flood(sender, full, type: 4, DropReason.SocketFull);
        Flood(sender, full, type: 1, DropReason.HandshakeQueueFull);
        var before = (_pipeline.Drops(DropReason.SocketFull), _pipeline.Drops(DropReason.HandshakeQueueFull));

        _pipeline.SetUdp(UdpPort.Open(0, 0, OffloadKinds.None, workers: 1));

        Assert.Equal(before, (_pipeline.Drops(DropReason.SocketFull), _pipeline.Drops(DropReason.HandshakeQueueFull)));
    }

    public void Dispose()
    {
        _pipeline.Start();
        _pipeline.Stop();
        _pipeline.Dispose();
        _inbox.Dispose();
    }

    private void Flood(UdpClient sender, UdpPort port, byte type, DropReason reason)
    {
        var to = new IPEndPoint(IPAddress.Loopback, port.Port);
        byte[] datagram = [type, .. new byte[1_000]];
        for (var sent = 0; _pipeline.Drops(reason) == 0; sent++)
        {
            Assert.True(sent < 500_000, "the buffer has no end");
            sender.Send(datagram, to);
        }
    }
}
