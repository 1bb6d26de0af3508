using System.Runtime.InteropServices;
using Meshover.WireGuard.Crypto.Batch;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Packets of one session from one source on their way in: collected where they were received, opened in place together, checked one by one
/// and delivered in their order. Owned by one receive worker. A datagram must stay where it is until <see cref="Flush"/>.
/// </summary>
internal sealed unsafe class OpenBatch : IDisposable
{
    private const int MaxPackets = 64; // and bits of _marked

    private readonly PipelineState _state;
    private readonly DropCounters _drops;
    private readonly Delivery _delivery;
    private readonly int _worker;
    private readonly PacketJob* _jobs = (PacketJob*)NativeMemory.AllocZeroed((nuint)(MaxPackets * sizeof(PacketJob)));

    private TransportSession? _session;
    private Peer? _peer;
    private byte* _source;
    private uint _index;
    private long _now;
    private int _packets;
    private int _authenticBytes;
    private bool _hasData;
    private ulong _marked; // a bit for each packet that waits

    /// <param name="worker">Which receive worker's it is: sessions of others are left alone.</param>
    public OpenBatch(PipelineState state, Delivery delivery, DropCounters drops, int worker)
    {
        _state = state;
        _worker = worker;
        _delivery = delivery;
        _drops = drops;
    }

    /// <summary>What comes now is from there: the batch ends if its packets came from elsewhere.</summary>
    /// <param name="source">As the kernel wrote it; must stay where it is until <see cref="Flush"/>.</param>
    public void MoveTo(byte* source)
    {
        if (_session is not null && !UdpAddress.AreSame(_source, source))
            Flush();
    }

    /// <summary>Whether a datagram to this receiver index goes on with the session that the batch is at.</summary>
    public bool IsAt(uint index) => _session is not null && _index == index;

    /// <summary>Turns to a session, after delivering what another's was waiting. False: there is none of that index, or it is too old.</summary>
    /// <param name="source">Where its packets come from, as the kernel wrote it.</param>
    public bool TryBegin(uint index, byte* source, long now)
    {
        Flush();
        if (index % (uint)_state.Workers != _worker)
        {
            _drops.Count(DropReason.WrongWorker);
            return false;
        }
        var session = _state.Indices.FindSession(index);
        if (session is null || session.IsExpired(now))
        {
            _drops.Count(session is null ? DropReason.UnknownIndex : DropReason.ExpiredKey);
            return false;
        }
        (_session, _index, _now) = (session, index, now);
        _source = source;
        _peer = (Peer)session.Owner.Owner;
        return true;
    }

    /// <summary>Takes a transport message of the session.</summary>
    /// <param name="datagram">The message's start; the 16 bytes of its header may be overwritten.</param>
    /// <param name="length">Bytes of the message, at least <see cref="TransportMessage.Overhead"/>.</param>
    /// <param name="isMarked">It met congestion on its way (<see cref="Ecn"/>).</param>
    public void Add(byte* datagram, int length, ulong counter, bool isMarked = false)
    {
        if (!_session!.MayReceive(counter))
        {
            _drops.Count(DropReason.UsedUpKey);
            return;
        }
        if (isMarked)
            _marked |= 1UL << _packets;
        _jobs[_packets++] = new PacketJob
        {
            Packet = datagram + TransportMessage.HeaderLength,
            Length = length - TransportMessage.Overhead,
            Counter = counter,
        };
        if (_packets == MaxPackets)
            OpenWaiting();
    }

    /// <summary>Delivers what waits, and turns away from the session: before its source or its datagrams go.</summary>
    public void Flush()
    {
        if (_session is null)
            return;
        OpenWaiting();
        if (_authenticBytes > 0)
            NoteReceived(_peer!);
        (_session, _peer) = (null, null);
    }

    public void Dispose() => NativeMemory.Free(_jobs);

    private void OpenWaiting()
    {
        if (_packets == 0)
            return;
        _session!.ReceiveCipher.Open(_jobs, _packets);
        for (var i = 0; i < _packets; i++)
            Check(_session, _jobs[i], (_marked & (1UL << i)) != 0);
        (_packets, _marked) = (0, 0);
    }

    private void Check(TransportSession session, in PacketJob job, bool isMarked)
    {
        if (!job.IsAuthentic)
        {
            _drops.Count(DropReason.NotAuthentic);
            return;
        }
        if (!session.Replay.TryAccept(job.Counter))
        {
            _drops.Count(DropReason.Replayed);
            return;
        }
        if (session.TryConfirm())
            _state.Inbox.Post(new PeerSignal(session.Owner, session));
        _authenticBytes += job.Length + TransportMessage.Overhead;
        if (job.Length == 0)
            return;
        _hasData = true;
        _delivery.Deliver(_peer!, job.Packet, job.Length, isMarked);
    }

    // Once for all: a sum per packet would have the peer's cache line travel between the workers.
    private void NoteReceived(Peer peer)
    {
        peer.CountReceived(_authenticBytes);
        peer.Session.Received.Note(_now, _hasData);
        if (peer.Endpoint is not { } endpoint || !endpoint.Matches(_source))
            Move(peer);
        (_authenticBytes, _hasData) = (0, false);
    }

    private void Move(Peer peer)
    {
        peer.Endpoint = new UdpAddress(new ReadOnlySpan<byte>(_source, UdpAddress.RawLength));
        if (peer.TryNoteMove())
            _state.Inbox.Post(new PeerSignal(peer.Session, Moved: true));
    }
}
