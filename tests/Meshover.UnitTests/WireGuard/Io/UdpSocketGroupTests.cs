using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Meshover.UnitTests.WireGuard.Session;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Io;

/// <summary>Real sockets on the loopback interface: what counts is what the kernel makes of the filter.</summary>
public sealed class UdpSocketGroupTests : IDisposable
{
    private readonly ReceiveBuffers _buffers = new();

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    [InlineData(true, 4)]
    [InlineData(false, 16)]
    public void Receive_TransportMessages_ComeToTheSocketOfTheirIndex(bool isV6, int count)
    {
        using var group = UdpSocketGroup.TryOpen(isV6, 0, 0, OffloadKinds.None, count)!;
        var indices = new byte[4 * 200];
        new SeededEntropy((byte)count).Fill(indices);

        foreach (var index in MemoryMarshal.Cast<byte, uint>(indices).ToArray())
            Assert.Equal((int)(index % (uint)count), ReceiverOf(group, isV6, Message(4, index)));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 3, 0, 0, 0 })]
    [InlineData(new byte[] { 2, 0, 0, 0, 1, 0, 0, 0 })]
    [InlineData(new byte[] { 4, 0, 0, 0, 3 })]
    [InlineData(new byte[] { 4 })]
    public void Receive_AnythingElse_ComesToTheFirst(byte[] datagram)
    {
        using var group = UdpSocketGroup.TryOpen(isV6: false, 0, 0, OffloadKinds.All, count: 4)!;
        Assert.Equal(0, ReceiverOf(group, isV6: false, datagram));
    }

    [Fact]
    public void TryOpen_PortOfAnotherGroup_IsRefused()
    {
        using var group = UdpSocketGroup.TryOpen(isV6: false, 0, 0, OffloadKinds.None, count: 2)!;

        var fault = Assert.Throws<IoException>(() => UdpSocketGroup.TryOpen(isV6: false, group[0].ReadPort(), 0, OffloadKinds.None, count: 2));

        Assert.Equal(Libc.AddressInUse, fault.Errno);
    }

    public void Dispose() => _buffers.Dispose();

    // UDP over the loopback interface is there when the send returns.
    private int ReceiverOf(UdpSocketGroup group, bool isV6, byte[] datagram)
    {
        using var sender = new UdpClient(isV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
        sender.Send(datagram, new IPEndPoint(isV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback, group[0].ReadPort()));
        return Enumerable.Range(0, group.Count).Single(worker => _buffers.Receive(group[worker].Descriptor) == 1);
    }

    private static byte[] Message(byte type, uint index)
    {
        var message = new byte[32];
        message[0] = type;
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), index);
        return message;
    }
}
