using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Meshover.UnitTests.WireGuard.Session;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Io;

/// <summary>Real sockets on the loopback interface: what counts is what the kernel makes of the filter.</summary>
public sealed class UdpSocketGroupTests : IDisposable
{
    private const int Control = -1;

    private readonly ReceiveBuffers _buffers = new();

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    [InlineData(true, 4)]
    [InlineData(false, 16)]
    public void Receive_TransportMessages_ComeToTheWorkerOfTheirIndex(bool isV6, int workers)
    {
        using var group = UdpSocketGroup.TryOpen(isV6, 0, 0, OffloadKinds.None, workers)!;
        var indices = new byte[4 * 200];
        new SeededEntropy((byte)workers).Fill(indices);

        foreach (var index in MemoryMarshal.Cast<byte, uint>(indices).ToArray())
            Assert.Equal((int)(index % (uint)workers), ReceiverOf(group, isV6, Message(4, index)));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 3, 0, 0, 0 }, 4)]
    [InlineData(new byte[] { 1, 0, 0, 0, 3, 0, 0, 0 }, 1)]
    [InlineData(new byte[] { 2, 0, 0, 0, 1, 0, 0, 0 }, 4)]
    [InlineData(new byte[] { 3, 0, 0, 0, 2, 0, 0, 0 }, 4)]
    [InlineData(new byte[] { 4, 0, 0, 0, 3 }, 4)]
    [InlineData(new byte[] { 4 }, 1)]
    [InlineData(new byte[0], 4)]
    public void Receive_AnythingElse_ComesToTheControlThread(byte[] datagram, int workers)
    {
        using var group = UdpSocketGroup.TryOpen(isV6: false, 0, 0, OffloadKinds.All, workers)!;
        Assert.Equal(Control, ReceiverOf(group, isV6: false, datagram));
    }

    [Fact]
    public void Receive_HandshakesFillTheirBuffer_PacketsHaveTheirRoomAllTheSame()
    {
        const int Packets = 50, Most = 500_000;
        using var group = UdpSocketGroup.TryOpen(isV6: false, 0, 0, OffloadKinds.None, workers: 1)!;
        using var sender = new UdpClient(AddressFamily.InterNetwork);
        sender.Connect(new IPEndPoint(IPAddress.Loopback, group.Control.ReadPort()));
        var initiation = new byte[InitiationMessage.Length];
        initiation[0] = 1;
        for (var sent = 0; group.Control.ReadDrops() == 0; sent++)
        {
            Assert.True(sent < Most, "the buffer has no end");
            sender.Send(initiation);
        }

        for (var i = 0; i < Packets; i++)
            sender.Send(Message(4, 7));

        Assert.Equal(0, group.ReadDrops());
        var received = 0;
        while (_buffers.Receive(group[0].Descriptor) is var count and > 0)
            received += count;
        Assert.Equal(Packets, received);
    }

    [Fact]
    public void TryOpen_PortOfAnotherGroup_IsRefused()
    {
        using var group = UdpSocketGroup.TryOpen(isV6: false, 0, 0, OffloadKinds.None, workers: 2)!;

        var fault = Assert.Throws<IoException>(() => UdpSocketGroup.TryOpen(isV6: false, group.Control.ReadPort(), 0, OffloadKinds.None, workers: 2));

        Assert.Equal(Libc.AddressInUse, fault.Errno);
    }

    public void Dispose() => _buffers.Dispose();

    // UDP over the loopback interface is there when the send returns.
    private int ReceiverOf(UdpSocketGroup group, bool isV6, byte[] datagram)
    {
        using var sender = new UdpClient(isV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
        sender.Send(datagram, new IPEndPoint(isV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback, group.Control.ReadPort()));
        return Enumerable.Range(Control, group.Workers + 1)
            .Single(worker => _buffers.Receive((worker == Control ? group.Control : group[worker]).Descriptor) == 1);
    }

    private static byte[] Message(byte type, uint index)
    {
        var message = new byte[32];
        message[0] = type;
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), index);
        return message;
    }
}
