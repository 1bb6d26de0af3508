using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Packets of one peer on their way out: laid side by side in one buffer, sealed in place, and sent with as few calls as the kernel allows: a run
/// of equal datagrams (the last may be shorter) is one segmented send, all runs together one sendmmsg. Owned by one send worker.
/// </summary>
internal sealed unsafe class SendBatch : IDisposable
{
    private const int MaxPackets = 64;

    // The kernel's UDP_MAX_SEGMENTS, and the most that one IPv4 datagram carries.
    private const int MaxSegments = 64;
    private const int MaxSegmentedBytes = 65_507;

    // More than one packet of the largest MTU, and than 64 of a usual one.
    private const int BufferBytes = 192 << 10;

    // What a way that refused segmented sends may refuse again for.
    private const long RetryAfter = 10_000;

    private const int ControlBytes = 24;
    private const int LevelUdp = 17, UdpSegment = 103;

    private readonly PipelineState _state;
    private readonly DropCounters _drops;
    private readonly byte* _buffer = (byte*)NativeMemory.AlignedAlloc(BufferBytes, 4096);
    private readonly SealJob* _jobs = Allocate<SealJob>(MaxPackets);
    private readonly MultiMessageHeader* _messages = Allocate<MultiMessageHeader>(MaxPackets);
    private readonly MultiMessageHeader* _singles = Allocate<MultiMessageHeader>(MaxPackets);
    private readonly IoVector* _vectors = Allocate<IoVector>(MaxPackets);
    private readonly IoVector* _singleVectors = Allocate<IoVector>(MaxPackets);
    private readonly byte* _controls = Allocate<byte>(MaxPackets * ControlBytes);
    private readonly int[] _segmentSizes = new int[MaxPackets];
    private readonly int[] _segmentCounts = new int[MaxPackets];

    private Peer? _peer;
    private Keypair? _keypair;
    private long _now;
    private int _used;
    private int _packets;
    private int _messageCount;
    private bool _hasData;
    private bool _segments;
    private bool _lastIsClosed;

    public SendBatch(PipelineState state, DropCounters drops)
    {
        _state = state;
        _drops = drops;
        for (var i = 0; i < MaxPackets; i++)
        {
            Prepare(&_messages[i], &_vectors[i]);
            Prepare(&_singles[i], &_singleVectors[i]);
            var control = _controls + (i * ControlBytes);
            *(nuint*)control = 18; // cmsg_len: its header of 16 bytes and a u16
            *(int*)(control + 8) = LevelUdp;
            *(int*)(control + 12) = UdpSegment;
        }
    }

    /// <summary>The longest packet that a batch takes.</summary>
    public static int MaxPacket => BufferBytes - TransportMessage.Overhead;

    /// <summary>Turns to a peer, after sending what another's was waiting. False: it has no session to send with.</summary>
    public bool TryBegin(Peer peer, long now)
    {
        if (ReferenceEquals(peer, _peer) && _keypair is not null)
            return true;
        Flush();
        var keypair = peer.Session.SendKeypair;
        if (keypair is null || keypair.IsExpired(now))
            return false;
        _peer = peer;
        _keypair = keypair;
        _now = now;
        return true;
    }

    /// <summary>Where the next packet of that length goes, headroom for nothing. Sends first if there is no room.</summary>
    public byte* Reserve(int length)
    {
        if (_packets == MaxPackets || _used + PaddedLength(length) + TransportMessage.Overhead > BufferBytes)
            SendWaiting();
        return _buffer + _used + TransportMessage.HeaderLength;
    }

    /// <summary>Takes the packet written at the last <see cref="Reserve"/>. False: the key is used up, and the batch has no peer any more.</summary>
    public bool TryCommit(int length)
    {
        if (!_keypair!.TryTakeCounter(out var counter))
        {
            Flush();
            return false;
        }
        var datagram = _buffer + _used;
        var padded = PaddedLength(length);
        new Span<byte>(datagram + TransportMessage.HeaderLength + length, padded - length).Clear();
        TransportMessage.WriteHeader(new Span<byte>(datagram, TransportMessage.HeaderLength), _keypair.RemoteIndex, counter);
        _jobs[_packets++] = new SealJob { Packet = datagram + TransportMessage.HeaderLength, Length = padded, Counter = counter };
        _hasData |= length > 0;
        AddToMessages(datagram, padded + TransportMessage.Overhead);
        return true;
    }

    /// <summary>Sends what waits, and turns away from the peer. Before its keypair may go: at the end of each pass.</summary>
    public void Flush()
    {
        SendWaiting();
        _peer = null;
        _keypair = null;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_buffer);
        NativeMemory.Free(_jobs);
        NativeMemory.Free(_messages);
        NativeMemory.Free(_singles);
        NativeMemory.Free(_vectors);
        NativeMemory.Free(_singleVectors);
        NativeMemory.Free(_controls);
    }

    private int PaddedLength(int length) => TransportMessage.PaddedLength(length, _state.Mtu);

    private void AddToMessages(byte* datagram, int length)
    {
        var last = _messageCount - 1;
        var joins = last >= 0 && !_lastIsClosed && length <= _segmentSizes[last] && _segmentCounts[last] < MaxSegments
            && (int)_vectors[last].Length + length <= MaxSegmentedBytes;
        if (joins)
        {
            _vectors[last].Length += (nuint)length;
            _segmentCounts[last]++;
            _lastIsClosed = length < _segmentSizes[last];
        }
        else
        {
            last = _messageCount++;
            _vectors[last] = new IoVector(datagram, length);
            _segmentSizes[last] = length;
            _segmentCounts[last] = 1;
            _lastIsClosed = false;
        }
        _used += length;
    }

    private void SendWaiting()
    {
        if (_packets == 0)
            return;
        for (var i = 0; i < _packets; i++)
            _keypair!.SendCipher.Seal(_jobs[i].Packet, _jobs[i].Packet, _jobs[i].Length, _jobs[i].Counter);
        var peer = _peer!;
        if (peer.Endpoint is { } endpoint && _state.Udp?.For(endpoint) is { } socket)
            Send(peer, socket, endpoint);
        else
            _drops.Count(DropReason.NoEndpoint, _packets);
        peer.CountSent(_used);
        peer.Session.Sent.Note(_now, _hasData);
        _packets = 0;
        _messageCount = 0;
        _used = 0;
        _hasData = false;
    }

    private void Send(Peer peer, UdpSocket socket, UdpAddress endpoint)
    {
        _segments = socket.SendsLarge && _now >= peer.NoSegmentationUntil;
        for (var i = 0; i < _messageCount; i++)
        {
            if (_segmentCounts[i] > 1 && !_segments)
                SendSingly(i, socket, endpoint);
            else
                i = SendFrom(i, peer, socket, endpoint);
        }
        GC.KeepAlive(endpoint);
    }

    // Sends this message and those behind it; returns the last that is done with.
    private int SendFrom(int first, Peer peer, UdpSocket socket, UdpAddress endpoint)
    {
        var count = 0;
        for (; first + count < _messageCount && (_segments || _segmentCounts[first + count] == 1); count++)
            Address(first + count, endpoint);
        var sent = Libc.SendMessages(socket.Descriptor, _messages + first, (uint)count, 0);
        if (sent > 0)
            return first + sent - 1;
        var errno = Libc.Errno;
        if (errno == Libc.Interrupted)
            return first - 1;
        if (_segmentCounts[first] > 1 && errno is Libc.InputOutputError or Libc.Invalid or Libc.MessageTooLong)
        {
            // EIO: the device cannot compute checksums. EINVAL, EMSGSIZE: a segment is more than the way carries and must be fragmented.
            peer.NoSegmentationUntil = _now + RetryAfter;
            _segments = false;
            return first - 1;
        }
        _drops.Count(DropReason.SendFailed, _segmentCounts[first]);
        return first;
    }

    private void SendSingly(int message, UdpSocket socket, UdpAddress endpoint)
    {
        var count = _segmentCounts[message];
        var left = (int)_vectors[message].Length;
        for (var i = 0; i < count; i++, left -= _segmentSizes[message])
        {
            _singleVectors[i] = new IoVector(_vectors[message].Start + (i * _segmentSizes[message]), Math.Min(_segmentSizes[message], left));
            SetName(&_singles[i].Header, endpoint);
        }
        for (var done = 0; done < count;)
        {
            var sent = Libc.SendMessages(socket.Descriptor, _singles + done, (uint)(count - done), 0);
            if (sent <= 0 && Libc.Errno != Libc.Interrupted)
                _drops.Count(DropReason.SendFailed);
            done += sent > 0 ? sent : Libc.Errno == Libc.Interrupted ? 0 : 1;
        }
    }

    private void Address(int message, UdpAddress endpoint)
    {
        ref var header = ref _messages[message].Header;
        SetName((MessageHeader*)(_messages + message), endpoint);
        var isSegmented = _segmentCounts[message] > 1;
        var control = _controls + (message * ControlBytes);
        *(ushort*)(control + 16) = (ushort)_segmentSizes[message];
        header.Control = isSegmented ? control : null;
        header.ControlLength = isSegmented ? ControlBytes : 0u;
    }

    private static void SetName(MessageHeader* header, UdpAddress endpoint)
    {
        header->Name = endpoint.Pointer;
        header->NameLength = (uint)endpoint.Length;
    }

    private static void Prepare(MultiMessageHeader* message, IoVector* vector)
    {
        message->Header.Vectors = vector;
        message->Header.VectorCount = 1;
    }

    private static T* Allocate<T>(int count)
        where T : unmanaged => (T*)NativeMemory.AllocZeroed((nuint)(count * sizeof(T)));

    /// <summary>One packet to seal in place; its tag goes behind it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SealJob
    {
        public byte* Packet;
        public ulong Counter;
        public int Length;
    }
}
