using System.Net;
using System.Net.Sockets;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

/// <summary>Real sockets on the loopback interface, where what was sent is there when the send returns.</summary>
public sealed class HandshakeReceiverTests : IDisposable
{
    private readonly Session.Engine _engine = new(1);
    private readonly UdpPort _port = UdpPort.Open(0, 0, OffloadKinds.All, workers: 1);
    private readonly ControlInbox _inbox = new();
    private readonly HandshakeReceiver _receiver;
    private readonly UdpClient _sender = new(AddressFamily.InterNetwork);

    public HandshakeReceiverTests()
    {
        _receiver = new HandshakeReceiver(new PipelineState
        {
            Workers = 1,
            Indices = _engine.Manager.Indices,
            Clock = new EngineClock(TimeProvider.System),
            Inbox = _inbox,
            Udp = _port,
        });
        _sender.Connect(new IPEndPoint(IPAddress.Loopback, _port.Port));
    }

    [Fact]
    public void Receive_InitiationForUs_IsKeptWithItsSource()
    {
        var initiation = Initiation();
        _sender.Send(initiation);

        _receiver.Receive(_engine.Manager);

        Assert.True(_receiver.Received.TryPeek(out var message, out var source));
        Assert.Equal(initiation, message.ToArray());
        Assert.Equal(_sender.Client.LocalEndPoint, new UdpAddress(source).ToEndPoint());
    }

    [Fact]
    public void Receive_InitiationsOfSomebodyWhoDoesNotKnowOurKey_AreNoBacklog()
    {
        var forged = Initiation();
        forged[120] ^= 1; // mac1
        for (var i = 0; i < 600; i++)
            _sender.Send(forged);

        _receiver.Receive(_engine.Manager);

        Assert.Equal(0, _receiver.Received.Count);
        Assert.Equal(600, _receiver.Drops[DropReason.InvalidHandshake]);
    }

    [Fact]
    public void Receive_MoreThanOneTurnsWork_LeavesTheRestForTheNext()
    {
        var initiation = Initiation();
        for (var i = 0; i < 2_000; i++)
            _sender.Send(initiation);

        _receiver.Receive(_engine.Manager);
        var first = _receiver.Received.Count;
        Assert.InRange(first, 1_024, 1_999);
        while (_receiver.Received.Count > 0)
            _receiver.Received.Remove();
        _receiver.Receive(_engine.Manager);

        Assert.Equal(2_000, first + _receiver.Received.Count);
    }

    [Theory]
    [InlineData(new byte[0], nameof(DropReason.UnknownMessage))]
    [InlineData(new byte[] { 9, 0, 0, 0, 1 }, nameof(DropReason.UnknownMessage))]
    [InlineData(new byte[] { 4, 0, 0, 0, 1 }, nameof(DropReason.UnknownMessage))]
    [InlineData(new byte[] { 2, 0, 0, 0, 1 }, nameof(DropReason.InvalidHandshake))]
    public void Receive_NoHandshakeMessage_IsCounted(byte[] datagram, string reason)
    {
        _sender.Send(datagram);

        _receiver.Receive(_engine.Manager);

        Assert.Equal(1, _receiver.Drops[Enum.Parse<DropReason>(reason)]);
        Assert.Equal(0, _receiver.Received.Count);
    }

    [Fact]
    public void Wait_HandshakeArrives_WakesTheControlThreadUntilItIsTaken()
    {
        _inbox.Attach(_port);
        Assert.False(_inbox.Wait(TimeSpan.Zero));
        _sender.Send(Initiation());

        Assert.True(_inbox.Wait(TimeSpan.FromSeconds(10)));
        _receiver.Receive(_engine.Manager);
        Assert.False(_inbox.Wait(TimeSpan.Zero));

        _inbox.Detach(_port);
        _sender.Send(Initiation());
        Assert.False(_inbox.Wait(TimeSpan.Zero));
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
        _port.Dispose();
        _inbox.Dispose();
    }

    private byte[] Initiation()
    {
        var caller = new Session.Engine(2);
        caller.AddPeer(_engine).RequestHandshake(BatchEnd.Now);
        var initiation = caller.Outbox.Dequeue();
        Assert.Equal(InitiationMessage.Length, initiation.Length);
        return initiation;
    }
}
