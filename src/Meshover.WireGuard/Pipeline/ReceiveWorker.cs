using Meshover.WireGuard.Io;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>The receive half of the pipeline: steps 5 to 9 of <see cref="PacketPipeline"/>, on one thread.</summary>
internal sealed unsafe class ReceiveWorker : IDisposable
{
    private const uint WakeKey = 0;
    private const uint SocketKey = 1;

    // Batches of one socket before the other and the control thread's wishes get their turn.
    private const int BatchesPerTurn = 16;

    private readonly PipelineState _state;
    private readonly WorkerGate _gate;
    private readonly Epoll _epoll = new();
    private readonly WakeSignal _wake = new();
    private readonly ReceiveBuffers _buffers = new();
    private readonly Coalescer _coalescer = new();
    private volatile bool _stops;

    // The run being taken in: datagrams of one session from one source, in a row.
    private Keypair? _keypair;
    private uint _index;
    private Peer? _peer;
    private byte* _source;
    private int _authenticBytes;
    private bool _hasData;
    private long _now;

    public ReceiveWorker(PipelineState state, WorkerGate gate)
    {
        _state = state;
        _gate = gate;
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
        _coalescer.Dispose();
    }

    private static IEnumerable<UdpSocket> Sockets(UdpPort port) => new[] { port.V4, port.V6 }.OfType<UdpSocket>();

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
        _state.Udp is { } port && (port.V4?.Descriptor == descriptor || port.V6?.Descriptor == descriptor);

    private void TakeBatch(int count)
    {
        _now = _state.Clock.Now;
        for (var i = 0; i < count; i++)
        {
            var message = _buffers.Read(i);
            _source = message.Source;
            TakeMessage(message.Data, message.Length, message.SegmentSize);
            EndRun();
        }
        _coalescer.Flush();
    }

    private void TakeMessage(byte* data, int length, int segment)
    {
        for (var left = length; left > 0; left -= segment, data += segment)
            TakeDatagram(data, Math.Min(segment, left));
    }

    private void TakeDatagram(byte* data, int length)
    {
        if (!TransportMessage.TryReadHeader(new ReadOnlySpan<byte>(data, length), out var index, out var counter))
            TakeHandshake(data, length);
        else if (SelectKeypair(index) is { } keypair)
            Open(keypair, data, length, counter);
    }

    private void TakeHandshake(byte* data, int length)
    {
        if (length < sizeof(uint) || *(uint*)data is 0 or >= TransportMessage.Type)
        {
            Drops.Count(DropReason.UnknownMessage);
            return;
        }
        var source = new ReadOnlySpan<byte>(_source, UdpAddress.MaxLength);
        if (_state.Inbox.Handshakes.TryAdd(new ReadOnlySpan<byte>(data, length), source))
            _state.Inbox.Wake();
        else
            Drops.Count(DropReason.HandshakeQueueFull);
    }

    private Keypair? SelectKeypair(uint index)
    {
        if (_keypair is not null && _index == index)
            return _keypair;
        EndRun();
        var keypair = _state.Indices.FindKeypair(index);
        if (keypair is null || keypair.IsExpired(_now))
        {
            Drops.Count(keypair is null ? DropReason.UnknownIndex : DropReason.ExpiredKey);
            return null;
        }
        _index = index;
        _peer = (Peer)keypair.Session.Owner;
        return _keypair = keypair;
    }

    private void Open(Keypair keypair, byte* data, int length, ulong counter)
    {
        var packet = data + TransportMessage.HeaderLength;
        var padded = length - TransportMessage.Overhead;
        if (!keypair.MayReceive(counter) || !keypair.ReceiveCipher.Open(packet, packet, padded, counter))
        {
            Drops.Count(DropReason.NotAuthentic);
            return;
        }
        if (!keypair.Replay.TryAccept(counter))
        {
            Drops.Count(DropReason.Replayed);
            return;
        }
        if (keypair.TryConfirm())
            _state.Inbox.Post(new PeerSignal(keypair.Session, keypair));
        _authenticBytes += length;
        if (padded > 0)
            Deliver(packet, padded);
    }

    // The run's sums go to the peer once, not per packet.
    private void EndRun()
    {
        if (_keypair is null)
            return;
        if (_authenticBytes > 0)
        {
            var peer = _peer!;
            peer.CountReceived(_authenticBytes);
            peer.Session.Received.Note(_now, _hasData);
            if (peer.Endpoint is not { } endpoint || !endpoint.Matches(_source))
                peer.Endpoint = new UdpAddress(new ReadOnlySpan<byte>(_source, UdpAddress.MaxLength));
        }
        _keypair = null;
        _peer = null;
        _authenticBytes = 0;
        _hasData = false;
    }

    private void Deliver(byte* packet, int padded)
    {
        _hasData = true;
        var length = IpHeader.PacketLength(packet, padded);
        if (length == 0)
            Drops.Count(DropReason.MalformedPacket);
        else if (_peer!.Link is { } link && link.Gre.IsOurs(packet))
            DeliverInner(link, packet, length);
        else if (_state.Main is { } main && IsAllowed(packet))
            _coalescer.Add(main, packet, length);
        else
            Drops.Count(DropReason.SourceNotAllowed);
    }

    private void DeliverInner(PeerLink link, byte* packet, int length)
    {
        var inner = GreHeader.InnerLength(packet, length);
        if (inner == 0)
            Drops.Count(DropReason.MalformedGre);
        else
            _coalescer.Add(link.Port, packet + GreHeader.Length, inner);
    }

    private bool IsAllowed(byte* packet)
    {
        var routes = _state.Routes;
        var peer = IpHeader.Version(packet) == 4
            ? routes.Find4(new ReadOnlySpan<byte>(packet + IpHeader.V4Source, 4))
            : routes.Find6(new ReadOnlySpan<byte>(packet + IpHeader.V6Source, 16));
        return ReferenceEquals(peer, _peer);
    }
}
