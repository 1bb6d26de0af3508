using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>The send half of the pipeline: steps 1 to 4 of <see cref="PacketPipeline"/>, on one thread, for the peers of its number.</summary>
internal sealed unsafe class SendWorker : IDisposable
{
    private const uint WakeKey = 0;

    // The largest frame: a vnet header and 64 KiB.
    private const int FrameBytes = VnetHeader.Size + 65_536;

    // The protocol itself repeats a handshake every 5 s; asking more often costs the control thread and gains nothing.
    private const long RequestInterval = 500;

    private readonly PipelineState _state;
    private readonly WorkerGate _gate;
    private readonly int _number;
    private readonly Epoll _epoll = new();
    private readonly WakeSignal _wake = new();
    private readonly ConcurrentQueue<(Peer Peer, SendTask Task, byte[]? Probe)> _tasks = new();
    private readonly byte* _frame = (byte*)NativeMemory.AlignedAlloc(FrameBytes + 64, 4096);
    private readonly TunSources _sources = new(firstKey: WakeKey + 1);
    private readonly DeviceTurns _turns = new();
    private readonly StagingRoom _room = new();
    private readonly SendBatch _batch;
    private readonly FrameRing? _handed;
    private SendWorker[] _others = [];
    private uint _handedTo; // a bit for each of the others
    private volatile bool _stops;

    /// <param name="number">Which of the send workers this is. Number 0 reads the main device.</param>
    public SendWorker(PipelineState state, WorkerGate gate, int number)
    {
        _state = state;
        _gate = gate;
        _number = number;
        _handed = number == 0 ? null : new FrameRing();
        _batch = new SendBatch(state, Drops, number);
        _epoll.Add(_wake.Descriptor, WakeKey);
    }

    /// <summary>All send workers by number, to whom the main device's frames for their peers are handed. Before the threads start.</summary>
    public void Join(SendWorker[] workers) => _others = workers;

    public DropCounters Drops { get; } = new();

    /// <summary>The thread's body; returns after <see cref="Stop"/>.</summary>
    public void Run()
    {
        while (!_stops)
        {
            var events = _turns.IsAnyQueued ? _epoll.Wait(timeoutMs: 0) : _epoll.Wait();
            _gate.Enter();
            var now = _state.Clock.Now;
            foreach (var readable in events)
            {
                if (readable.Key == WakeKey)
                    Attend(now);
                else if (_sources.Find(readable.Key) is { } source)
                    Take(source, readable.Events, now);
            }
            TakeNext(now);
            _batch.Flush();
            WakeHandedTo();
            _gate.Leave();
        }
    }

    /// <summary>Ends the thread after its present pass. Any thread.</summary>
    public void Stop()
    {
        _stops = true;
        _wake.Set();
    }

    /// <summary>
    /// Control thread: begins to read a device. Of a link all packets go to its peer; of the main device (no peer) as the routes say.
    /// </summary>
    public TunSource Attach(TunPort port, Peer? peer, GreHeader? gre)
    {
        var source = _sources.Add(port, peer, gre);
        _epoll.Add(port.Descriptor, source.Key);
        return source;
    }

    /// <summary>Control thread: no pass that begins from now on reads the device.</summary>
    public void Detach(TunSource source)
    {
        _epoll.Remove(source.Port.Descriptor);
        _sources.Remove(source);
    }

    /// <summary>Control thread.</summary>
    /// <param name="probe">The packet, with <see cref="SendTask.Probe"/>.</param>
    public void Post(Peer peer, SendTask task, byte[]? probe = null)
    {
        _tasks.Enqueue((peer, task, probe));
        _wake.Set();
    }

    public void Dispose()
    {
        _batch.Dispose();
        _epoll.Dispose();
        _wake.Dispose();
        _handed?.Dispose();
        NativeMemory.AlignedFree(_frame);
    }

    private void Attend(long now)
    {
        _wake.Reset();
        RunTasks(now);
        if (_handed is not null)
            TakeHanded(_handed, now);
    }

    private void RunTasks(long now)
    {
        while (_tasks.TryDequeue(out var work))
        {
            if (work.Probe is not null)
                _batch.SendWhole(work.Peer, work.Probe, now);
            else if (work.Task == SendTask.DropStaged)
                Drops.Count(DropReason.HandshakeFailed, work.Peer.Staged.Clear(_room));
            else if (!SendStaged(work.Peer, now) && work.Task == SendTask.Keepalive)
                SendEmpty(work.Peer, now);
        }
    }

    // True if there was something to send.
    private bool SendStaged(Peer peer, long now)
    {
        var staged = peer.Staged;
        var any = staged.Count > 0;
        while (staged.Count > 0 && _batch.TryBegin(peer, now))
        {
            var packet = staged.First;
            packet.CopyTo(new Span<byte>(_batch.Reserve(packet.Length), packet.Length));
            if (!_batch.TryCommit(packet.Length))
                break;
            staged.RemoveFirst(_room);
        }
        return any;
    }

    private void SendEmpty(Peer peer, long now)
    {
        if (!_batch.TryBegin(peer, now))
            return;
        _batch.Reserve(0);
        _batch.TryCommit(0);
    }

    private void Take(TunSource source, uint events, long now)
    {
        if ((events & EpollEvent.Error) != 0)
        {
            // Left in, it would wake us for ever. The control thread sees the mark and makes the device anew.
            _epoll.Remove(source.Port.Descriptor);
            source.Port.IsLost = true;
        }
        else if (!source.IsQueued)
        {
            TakeTurn(source, now);
        }
    }

    // One of those that wait, and then what is new again.
    private void TakeNext(long now)
    {
        if (_turns.Next() is { } source && ReferenceEquals(_sources.Find(source.Key), source))
            TakeTurn(source, now);
    }

    private void TakeTurn(TunSource source, long now)
    {
        DeviceTurns.Begin(source);
        _turns.End(source, isEmpty: ReadFrames(source, now));
    }

    // True: there are no more.
    private bool ReadFrames(TunSource source, long now)
    {
        // The packet behind the vnet header lies on a 16-byte boundary.
        var frame = _frame + 16 - VnetHeader.Size;
        int length;
        do
        {
            length = source.Port.Read(frame, FrameBytes);
            if (length <= VnetHeader.Size)
                return true;
            var peer = source.Peer ?? FindPeer(frame + VnetHeader.Size, length - VnetHeader.Size);
            if (peer is null)
                Drops.Count(DropReason.NoPeer);
            else if (peer.Worker != _number)
                HandOver(peer, new ReadOnlySpan<byte>(frame, length));
            else
                SendFrame(frame, length, peer, source.Gre, now);
        }
        while (DeviceTurns.Charge(source, length));
        return false;
    }

    private void HandOver(Peer peer, ReadOnlySpan<byte> frame)
    {
        if (_others[peer.Worker]._handed!.TryAdd(peer, frame))
            _handedTo |= 1u << peer.Worker;
        else
            Drops.Count(DropReason.HandoverFull);
    }

    // Once a pass, not for each frame.
    private void WakeHandedTo()
    {
        for (; _handedTo != 0; _handedTo &= _handedTo - 1)
            _others[BitOperations.TrailingZeroCount(_handedTo)]._wake.Set();
    }

    private void TakeHanded(FrameRing handed, long now)
    {
        for (var credit = DeviceTurns.BytesPerTurn; credit > 0 && handed.TryPeek(out var peer, out var frame, out var length);)
        {
            SendFrame(frame, length, peer, gre: null, now);
            handed.Remove();
            credit -= length + DeviceTurns.FrameCost;
        }
        if (handed.Count > 0)
            _wake.Set(); // after the devices have had their turn
    }

    private Peer? FindPeer(byte* packet, int length) => IpHeader.Version(packet) switch
    {
        4 when length >= IpHeader.V4MinimumLength => _state.Routes.Find4(new ReadOnlySpan<byte>(packet + IpHeader.V4Destination, 4)),
        6 when length >= IpHeader.V6Length => _state.Routes.Find6(new ReadOnlySpan<byte>(packet + IpHeader.V6Destination, 16)),
        _ => null,
    };

    private void SendFrame(byte* frame, int length, Peer peer, GreHeader? gre, long now)
    {
        var segmenter = new Segmenter(frame, length);
        if (segmenter.NextLength == 0)
        {
            Drops.Count(DropReason.MalformedFrame);
            return;
        }
        if (peer.Staged.Count > 0)
            SendStaged(peer, now); // the session may have become ready in this pass: these came before
        var headroom = gre is null ? 0 : GreHeader.Length;
        while (segmenter.NextLength > 0)
        {
            var hasSession = _batch.TryBegin(peer, now);
            var inner = segmenter.NextLength;
            var packet = _batch.Reserve(headroom + inner);
            segmenter.WriteNext(packet + headroom);
            gre?.Write(packet, inner);
            if (!hasSession || !_batch.TryCommit(headroom + inner))
                Stage(peer, new ReadOnlySpan<byte>(packet, headroom + inner), now);
        }
    }

    private void Stage(Peer peer, ReadOnlySpan<byte> packet, long now)
    {
        if (peer.IsRemoved)
        {
            Drops.Count(DropReason.NoPeer);
            return;
        }
        Drops.Count(DropReason.StagingFull, peer.Staged.Add(packet, _room));
        if (now < peer.Staged.NextRequest)
            return;
        peer.Staged.NextRequest = now + RequestInterval;
        _state.Inbox.Post(new PeerSignal(peer.Session));
    }
}
