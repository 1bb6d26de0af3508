using Meshover.WireGuard.Io;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>The receive half of the pipeline: steps 5 to 9 of <see cref="PacketPipeline"/>, on one thread, for the peers of its number.</summary>
internal sealed unsafe class ReceiveWorker : IDisposable
{
    private const uint WakeKey = 0;
    private const uint SocketKey = 1;

    // Batches of one socket before the other and the control thread's wishes get their turn.
    private const int BatchesPerTurn = 16;

    private readonly PipelineState _state;
    private readonly WorkerGate _gate;
    private readonly int _number;
    private readonly HandshakeQueue _strays;
    private readonly Epoll _epoll = new();
    private readonly WakeSignal _wake = new();
    private readonly ReceiveBuffers _buffers = new();
    private readonly Delivery _delivery;
    private readonly OpenBatch _batch;
    private volatile bool _stops;

    /// <param name="number">Which of the receive workers this is: its peers' indices are of that class.</param>
    public ReceiveWorker(PipelineState state, WorkerGate gate, int number)
    {
        _state = state;
        _gate = gate;
        _number = number;
        _strays = state.Inbox.Strays[number];
        _delivery = new Delivery(state, Drops);
        _batch = new OpenBatch(state, _delivery, Drops, number);
        _epoll.Add(_wake.Descriptor, WakeKey);
    }

    public DropCounters Drops { get; } = new();

    /// <summary>The thread's body; returns after <see cref="Stop"/>.</summary>
    public void Run()
    {
        while (!_stops)
        {
            foreach (var readable in _epoll.Wait())
            {
                if (readable.Key == WakeKey)
                    _wake.Reset();
                else
                    ReceiveFrom((int)(readable.Key - SocketKey));
            }
        }
    }

    public void Stop()
    {
        _stops = true;
        _wake.Set();
    }

    /// <summary>Control thread: begins to receive from the port's sockets.</summary>
    public void Attach(UdpPort port)
    {
        foreach (var socket in Sockets(port))
            _epoll.Add(socket.Descriptor, SocketKey + (uint)socket.Descriptor);
    }

    /// <summary>Control thread: no pass that begins from now on receives from them.</summary>
    public void Detach(UdpPort port)
    {
        foreach (var socket in Sockets(port))
            _epoll.Remove(socket.Descriptor);
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
        _buffers.Dispose();
        _batch.Dispose();
        _delivery.Dispose();
    }

    private IEnumerable<UdpSocket> Sockets(UdpPort port) => new[] { port.V4?[_number], port.V6?[_number] }.OfType<UdpSocket>();

    private void ReceiveFrom(int descriptor)
    {
        for (var i = 0; i < BatchesPerTurn; i++)
        {
            _gate.Enter();
            // Only a socket of the present port: an event may be older than its removal, and the number another's by now.
            var count = IsPresent(descriptor) ? _buffers.Receive(descriptor) : 0;
            if (count > 0)
                TakeBatch(count);
            _gate.Leave();
            if (count < ReceiveBuffers.Count)
                return;
        }
    }

    private bool IsPresent(int descriptor) =>
        _state.Udp is { } port && (port.V4?[_number].Descriptor == descriptor || port.V6?[_number].Descriptor == descriptor);

    private void TakeBatch(int count)
    {
        var now = _state.Clock.Now;
        for (var i = 0; i < count; i++)
            TakeMessage(_buffers.Read(i), now);
        _batch.Flush();
        _delivery.Flush();
    }

    // A run of datagrams from one source. The batch goes on from one message to the next only if the source is the same.
    private void TakeMessage(in ReceivedMessage message, long now)
    {
        _batch.MoveTo(message.Source);
        var data = message.Data;
        var left = message.Length;
        do // once for an empty datagram, which is counted as any other that is no message
        {
            TakeDatagram(data, Math.Min(message.SegmentSize, left), message, now);
            data += message.SegmentSize;
            left -= message.SegmentSize;
        }
        while (left > 0);
    }

    private void TakeDatagram(byte* data, int length, in ReceivedMessage message, long now)
    {
        if (!TransportMessage.TryReadHeader(new ReadOnlySpan<byte>(data, length), out var index, out var counter))
            TakeStray(new ReadOnlySpan<byte>(data, length), message.SourceBytes);
        else if (_batch.IsAt(index) || _batch.TryBegin(index, message.Source, now))
            _batch.Add(data, length, counter, Ecn.IsMarked(message.TrafficClass));
    }

    // Handshakes have sockets of their own, but the kernel joins one to packets of its sender that it is not longer than.
    private void TakeStray(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> source)
    {
        if (!MessageType.IsHandshake(datagram))
            Drops.Count(DropReason.UnknownMessage);
        else if (!_strays.TryAdd(datagram, source))
            Drops.Count(DropReason.HandshakeQueueFull);
        else if (_strays.Count == 1) // else the control thread is at it, and finds this one too
            _state.Inbox.Wake();
    }
}
