using System.Net;
using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Pipeline;

/// <summary>
/// One end of a tunnel as the workers have it: the real batches on real sockets of the loopback interface, and devices that keep what is
/// written to them.
/// </summary>
internal sealed unsafe class BatchEnd : IDisposable
{
    public const long Now = 1_000_000;

    private const int Room = 128 << 10;

    private readonly ReceiveBuffers _buffers = new();
    private readonly byte* _memory = (byte*)NativeMemory.AllocZeroed(Room);
    private readonly byte* _source = (byte*)NativeMemory.AllocZeroed(UdpAddress.RawLength);
    private readonly UdpPort _port = UdpPort.Open(0, 0, OffloadKinds.All, workers: 1);
    private readonly Session.Engine _engine;
    private readonly Delivery _delivery;
    private readonly OpenBatch _open;

    private BatchEnd(Session.Engine engine, int workers)
    {
        _engine = engine;
        State = new PipelineState
        {
            Workers = workers,
            Indices = _engine.Manager.Indices,
            Clock = new EngineClock(TimeProvider.System),
            Inbox = new ControlInbox(),
            Udp = _port,
            Main = Main,
            Mtu = 1420,
        };
        _delivery = new Delivery(State, Drops);
        _open = new OpenBatch(State, _delivery, Drops, worker: 0);
        Batch = new SendBatch(State, Drops, worker: 0);
    }

    public PipelineState State { get; }
    public DropCounters Drops { get; } = new();
    public RecordingSink Main { get; } = new(largeUdp: true);
    public SendBatch Batch { get; }
    public Peer Peer { get; private set; } = null!;
    public UdpSocket Socket => _port.V4![0];

    /// <summary>
    /// Two ends that know where the other is, and take packets of it from <see cref="TestPackets.Source4"/>.
    /// </summary>
    public static (BatchEnd A, BatchEnd B) Between(Session.Engine engineA, Session.Engine engineB, int workersOfB = 1)
    {
        var (a, b) = (new BatchEnd(engineA, workers: 1), new BatchEnd(engineB, workersOfB));
        a.Know(b);
        b.Know(a);
        return (a, b);
    }

    /// <summary>The same with a session, of which A is the initiator.</summary>
    public static (BatchEnd A, BatchEnd B) Connect(ProtocolTimes? timesOfA = null, ProtocolTimes? timesOfB = null, int workersOfB = 1)
    {
        var (a, b) = Between(new Session.Engine(1, timesOfA), new Session.Engine(2, timesOfB), workersOfB);
        a.Peer.Session.RequestHandshake(Now);
        b._engine.Receive(a._engine.Outbox.Dequeue(), Now);
        a._engine.Receive(b._engine.Outbox.Dequeue(), Now);
        return (a, b);
    }

    /// <summary>Sends packets as one batch. False: there is no key for them, or no more.</summary>
    public bool Send(long now, params byte[][] packets)
    {
        foreach (var packet in packets)
        {
            if (!Batch.TryBegin(Peer, now))
                return false;
            packet.CopyTo(new Span<byte>(Batch.Reserve(packet.Length), packet.Length));
            if (!Batch.TryCommit(packet.Length))
                return false;
        }
        Batch.Flush();
        return true;
    }

    /// <summary>The datagrams that have arrived, and the traffic class of each. UDP over the loopback interface is there when a send returns.</summary>
    public List<(byte[] Bytes, byte TrafficClass)> Received() => Received(Socket);

    /// <summary>The same of what is no packet.</summary>
    public List<(byte[] Bytes, byte TrafficClass)> ReceivedByControl() => Received(_port.V4!.Control);

    private List<(byte[] Bytes, byte TrafficClass)> Received(UdpSocket socket)
    {
        var datagrams = new List<(byte[], byte)>();
        while (_buffers.Receive(socket.Descriptor) is var count && count > 0)
        {
            for (var i = 0; i < count; i++)
            {
                var message = _buffers.Read(i);
                new ReadOnlySpan<byte>(message.Source, UdpAddress.RawLength).CopyTo(new Span<byte>(_source, UdpAddress.RawLength));
                for (var at = 0; at < message.Length; at += message.SegmentSize)
                {
                    var length = Math.Min(message.SegmentSize, message.Length - at);
                    datagrams.Add((new ReadOnlySpan<byte>(message.Data + at, length).ToArray(), message.TrafficClass));
                }
            }
        }
        return datagrams;
    }

    /// <summary>Opens datagrams in one batch, as coming from where the last ones came.</summary>
    public void Take(long now, bool isMarked, params byte[][] datagrams)
    {
        var at = _memory + 64;
        foreach (var datagram in datagrams)
        {
            datagram.CopyTo(new Span<byte>(at, datagram.Length));
            Assert.True(TransportMessage.TryReadHeader(datagram, out var index, out var counter));
            if (_open.IsAt(index) || _open.TryBegin(index, _source, now))
                _open.Add(at, datagram.Length, counter, isMarked);
            at += datagram.Length;
        }
        _open.Flush();
        _delivery.Flush();
    }

    public void Take(params byte[][] datagrams) => Take(Now, isMarked: false, datagrams);

    /// <summary>Opens one datagram; null if it is refused.</summary>
    /// <returns>The packet that reached the device; empty for a keepalive.</returns>
    public byte[]? Open(long now, byte[] datagram)
    {
        var refused = Refused();
        Main.Frames.Clear();
        if (!TransportMessage.TryReadHeader(datagram, out _, out _))
            return null;
        Take(now, isMarked: false, datagram);
        return Refused() > refused ? null : Main.Packets.SingleOrDefault([]);
    }

    private long Refused() => Enum.GetValues<DropReason>().Sum(reason => Drops[reason]);

    /// <summary>What comes now comes from another port.</summary>
    public void MoveSource() => _source[3] ^= 1;

    public void Dispose()
    {
        Batch.Dispose();
        _open.Dispose();
        _delivery.Dispose();
        _buffers.Dispose();
        _port.Dispose();
        NativeMemory.Free(_memory);
        NativeMemory.Free(_source);
    }

    /// <summary>The other one is its peer from now on.</summary>
    public void Know(BatchEnd other)
    {
        Peer = (Peer)_engine.AddPeer(other._engine).Owner;
        Peer.Endpoint = new UdpAddress(new IPEndPoint(IPAddress.Loopback, other._port.Port));
        State.Routes = new AllowedIpTrie<Peer>();
        State.Routes.Add(new IPNetwork(TestPackets.Source4, 32), Peer);
        State.Routes.Add(new IPNetwork(TestPackets.Source6, 128), Peer);
    }
}
