using System.Net;
using System.Net.Sockets;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Io;

/// <summary>All of 127.0.0.0/8 is the loopback interface's: a machine with several addresses that needs no root.</summary>
public sealed unsafe class ReplySourceTests : IDisposable
{
    private static readonly IPAddress Second = IPAddress.Parse("127.0.0.2");

    private readonly UdpSocket _socket = UdpSocket.TryOpen(isV6: false, 0, 0, OffloadKinds.All)!;
    private readonly ReceiveBuffers _buffers = new();
    private readonly UdpClient _peer = new(new IPEndPoint(IPAddress.Loopback, 0));

    [Fact]
    public void Receive_ToOurSecondAddress_SaysSo()
    {
        var endpoint = Receive(Second);

        Assert.Equal(_peer.Client.LocalEndPoint, endpoint.ToEndPoint());
        Assert.Equal(Second, endpoint.Local);
        Assert.Equal(1, endpoint.Link); // lo is the first of every namespace
    }

    [Fact]
    public void Receive_RunOfDatagrams_KeepsTheirSizeAndTheAddress()
    {
        var train = new byte[1_000];
        _peer.Client.SetRawSocketOption(17, 103, BitConverter.GetBytes(100)); // UDP_SEGMENT
        _peer.Send(train, new IPEndPoint(Second, _socket.ReadPort()));

        Assert.Equal(1, _buffers.Receive(_socket.Descriptor));
        var message = _buffers.Read(0);

        Assert.Equal((1_000, 100), (message.Length, message.SegmentSize));
        Assert.Equal(Second, new UdpAddress(new ReadOnlySpan<byte>(message.Source, UdpAddress.RawLength)).Local);
    }

    [Theory]
    [InlineData(true, "127.0.0.2")]
    [InlineData(false, "127.0.0.1")]
    public void TrySend_PinnedOrNot_LeavesFromThatAddress(bool pinned, string source)
    {
        var endpoint = Receive(Second);
        endpoint.IsPinned = pinned;

        Assert.True(Send(endpoint));

        Assert.Equal(source, ReceivedFrom());
    }

    [Fact]
    public void TrySend_PinnedToAnAddressThatIsGone_IsSentAllTheSame()
    {
        var raw = new ReadOnlySpan<byte>(Receive(Second).Pointer, UdpAddress.RawLength).ToArray();
        IPAddress.Parse("192.0.2.1").GetAddressBytes().CopyTo(raw, UdpAddress.MaxLength + sizeof(int));
        var endpoint = new UdpAddress(raw) { IsPinned = true };

        Assert.True(Send(endpoint));

        Assert.False(endpoint.IsPinned);
        Assert.Equal("127.0.0.1", ReceivedFrom());
    }

    [Fact]
    public void Matches_SamePeerToAnotherOfOurAddresses_IsAnotherWay()
    {
        var second = Receive(Second);
        var first = Receive(IPAddress.Loopback);

        Assert.Equal(first.ToEndPoint(), second.ToEndPoint());
        Assert.False(first.Matches(second.Pointer));
        Assert.True(first.Matches(Receive(IPAddress.Loopback).Pointer));
    }

    public void Dispose()
    {
        _socket.Dispose();
        _buffers.Dispose();
        _peer.Dispose();
    }

    private UdpAddress Receive(IPAddress at)
    {
        _peer.Send([1, 2, 3], new IPEndPoint(at, _socket.ReadPort()));
        Assert.Equal(1, _buffers.Receive(_socket.Descriptor));
        return new UdpAddress(new ReadOnlySpan<byte>(_buffers.Read(0).Source, UdpAddress.RawLength));
    }

    private bool Send(UdpAddress to)
    {
        fixed (byte* data = new byte[] { 1, 2, 3 })
            return _socket.TrySend(to, data, 3);
    }

    private string ReceivedFrom()
    {
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        _peer.Client.ReceiveTimeout = 5_000;
        _peer.Client.ReceiveFrom(new byte[16], ref from);
        return ((IPEndPoint)from).Address.ToString();
    }
}
