using System.Runtime.InteropServices;
using Meshover.WireGuard.Crypto.Batch;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Packets of one peer on their way out: laid side by side in one buffer, sealed in place, and sent together. Owned by one send worker.
/// </summary>
internal sealed unsafe class SendBatch : IDisposable
{
    private const int MaxPackets = 64;

    // More than one packet of the largest MTU, and than 64 of a usual one.
    private const int BufferBytes = 192 << 10;

    // The MTU may change between Reserve and TryCommit, which then pads by up to 15 bytes more than there was room for.
    private const int PaddingSlack = 16;

    private readonly PipelineState _state;
    private readonly DropCounters _drops;
    private readonly int _worker;
    private readonly SendRuns _runs;
    private readonly byte* _buffer = (byte*)NativeMemory.AlignedAlloc(BufferBytes + PaddingSlack, 4096);
    private readonly PacketJob* _jobs = (PacketJob*)NativeMemory.AllocZeroed((nuint)(MaxPackets * sizeof(PacketJob)));

    private Peer? _peer;
    private TransportSession? _session;
    private long _now;
    private int _used;
    private int _packets;
    private bool _hasData;

    /// <param name="worker">Whose it is: that worker's socket is used.</param>
    public SendBatch(PipelineState state, DropCounters drops, int worker)
    {
        _state = state;
        _worker = worker;
        _drops = drops;
        _runs = new SendRuns(MaxPackets, drops);
    }

    /// <summary>Turns to a peer, after sending what another's was waiting. False: it has no session to send with.</summary>
    public bool TryBegin(Peer peer, long now)
    {
        if (ReferenceEquals(peer, _peer))
            return true;
        Flush();
        var session = peer.Session.SendSession;
        if (session is null || session.IsExpired(now))
            return false;
        _peer = peer;
        _session = session;
        _now = now;
        return true;
    }

    /// <summary>
    /// Where the next packet, of that length, goes; sends first if there is no room for it. Also without a peer, for a packet to be
    /// staged.
    /// </summary>
    public byte* Reserve(int length)
    {
        if (_packets == MaxPackets || _used + PaddedLength(length) + TransportMessage.Overhead > BufferBytes)
            SendWaiting();
        return _buffer + _used + TransportMessage.HeaderLength;
    }

    /// <summary>
    /// Takes the packet written where the last <see cref="Reserve"/> said. False: the key is used up, and the batch has no peer any
    /// more.
    /// </summary>
    public bool TryCommit(int length)
    {
        if (!_session!.TryTakeCounter(out var counter))
        {
            Flush();
            return false;
        }
        var datagram = _buffer + _used;
        var packet = datagram + TransportMessage.HeaderLength;
        var padded = PaddedLength(length);
        new Span<byte>(packet + length, padded - length).Clear();
        TransportMessage.WriteHeader(new Span<byte>(datagram, TransportMessage.HeaderLength), _session.RemoteIndex, counter);
        _jobs[_packets++] = new PacketJob { Packet = packet, Length = padded, Counter = counter };
        _runs.Add(datagram, padded + TransportMessage.Overhead, length > 0 ? OuterClass.OfTunnelPacket(packet, _peer!.Link?.Gre) : 0);
        _used += padded + TransportMessage.Overhead;
        _hasData |= length > 0;
        return true;
    }

    /// <summary>Sends what waits, and turns away from the peer: at the end of each pass, before its session may go.</summary>
    public void Flush()
    {
        SendWaiting();
        _peer = null;
        _session = null;
    }

    /// <summary>Sends one packet so that no hop may fragment it. One that is too large for a hop is lost without a word.</summary>
    public void SendWhole(Peer peer, ReadOnlySpan<byte> packet, long now)
    {
        Flush();
        if (!TryBegin(peer, now) || peer.Endpoint is not { } endpoint || _state.Udp?.For(endpoint, _worker) is not { } socket)
            return;
        packet.CopyTo(new Span<byte>(Reserve(packet.Length), packet.Length));
        socket.SetFragmenting(false);
        if (TryCommit(packet.Length))
            Flush();
        socket.SetFragmenting(true);
    }

    public void Dispose()
    {
        _runs.Dispose();
        NativeMemory.AlignedFree(_buffer);
        NativeMemory.Free(_jobs);
    }

    private int PaddedLength(int length) => TransportMessage.PaddedLength(length, _state.Mtu);

    private void SendWaiting()
    {
        if (_packets == 0)
            return;
        _session!.SendCipher.Seal(_jobs, _packets);
        var peer = _peer!;
        if (peer.Endpoint is { } endpoint && _state.Udp?.For(endpoint, _worker) is { } socket)
        {
            _runs.Send(peer, socket, endpoint, _now);
            peer.CountSent(_used);
        }
        else
        {
            _runs.Clear();
            _drops.Count(DropReason.NoEndpoint, _packets);
        }
        peer.Session.Sent.Note(_now, _hasData);
        _packets = 0;
        _used = 0;
        _hasData = false;
    }
}
