using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// The datagrams of a batch as the kernel takes them: each run of equal ones in a row (the last may be shorter) is one segmented send
/// (UDP_SEGMENT), all runs together one sendmmsg. Where the way to a peer refuses segmented sends, its datagrams go singly for a while.
/// Owned by one send worker.
/// </summary>
internal sealed unsafe class SendRuns : IDisposable
{
    // The kernel's UDP_MAX_SEGMENTS, and the most that one IPv4 datagram carries.
    private const int MaxSegments = 64;
    private const int MaxSegmentedBytes = 65_507;

    // How long a way that refused a segmented send is not asked again.
    private const long RetryAfter = 10_000;

    private readonly DropCounters _drops;
    private readonly MultiMessageHeader* _messages;
    private readonly MultiMessageHeader* _singles;
    private readonly IoVector* _vectors;
    private readonly IoVector* _singleVectors;
    private readonly byte* _controls;
    private readonly byte* _singleControl;
    private readonly int[] _sizes;
    private readonly int[] _counts;
    private int _runs;
    private bool _lastIsClosed;

    /// <param name="capacity">The most datagrams of a batch.</param>
    public SendRuns(int capacity, DropCounters drops)
    {
        _drops = drops;
        _messages = Allocate<MultiMessageHeader>(capacity);
        _singles = Allocate<MultiMessageHeader>(MaxSegments);
        _vectors = Allocate<IoVector>(capacity);
        _singleVectors = Allocate<IoVector>(MaxSegments);
        _controls = Allocate<byte>(capacity * UdpControl.MaxLength);
        _singleControl = Allocate<byte>(UdpControl.MaxLength);
        _sizes = new int[capacity];
        _counts = new int[capacity];
        for (var i = 0; i < capacity; i++)
            Prepare(&_messages[i].Header, &_vectors[i], _controls + (i * UdpControl.MaxLength));
        for (var i = 0; i < MaxSegments; i++)
            Prepare(&_singles[i].Header, &_singleVectors[i], _singleControl);
    }

    /// <summary>Adds a datagram, which lies right behind the one before.</summary>
    public void Add(byte* datagram, int length)
    {
        var last = _runs - 1;
        var joins = last >= 0 && !_lastIsClosed && length <= _sizes[last] && _counts[last] < MaxSegments
            && (int)_vectors[last].Length + length <= MaxSegmentedBytes;
        if (joins)
        {
            _vectors[last].Length += (nuint)length;
            _counts[last]++;
            _lastIsClosed = length < _sizes[last];
            return;
        }
        _vectors[_runs] = new IoVector(datagram, length);
        _sizes[_runs] = length;
        _counts[_runs] = 1;
        _runs++;
        _lastIsClosed = false;
    }

    /// <summary>Sends all to where the peer is, and is empty again.</summary>
    public void Send(Peer peer, UdpSocket socket, UdpAddress endpoint, long now)
    {
        for (var i = 0; i < _runs;)
        {
            var segments = socket.SendsLarge && now >= peer.NoSegmentationUntil;
            i += _counts[i] > 1 && !segments
                ? SendSingly(i, socket, endpoint)
                : SendFrom(i, segments, peer, socket, endpoint, now);
        }
        GC.KeepAlive(endpoint);
        _runs = 0;
    }

    /// <summary>Drops all.</summary>
    public void Clear() => _runs = 0;

    public void Dispose()
    {
        NativeMemory.Free(_messages);
        NativeMemory.Free(_singles);
        NativeMemory.Free(_vectors);
        NativeMemory.Free(_singleVectors);
        NativeMemory.Free(_controls);
        NativeMemory.Free(_singleControl);
    }

    // Sends this run and those behind it in one call; returns how many are done with.
    private int SendFrom(int first, bool segments, Peer peer, UdpSocket socket, UdpAddress endpoint, long now)
    {
        var count = 0;
        for (; first + count < _runs && (segments || _counts[first + count] == 1); count++)
            Address(first + count, endpoint);
        var sent = Libc.SendMessages(socket.Descriptor, _messages + first, (uint)count, 0);
        if (sent > 0)
            return sent;
        var errno = Libc.Errno;
        if (errno == Libc.Interrupted)
            return 0;
        if (_counts[first] > 1 && errno is Libc.InputOutputError or Libc.Invalid or Libc.MessageTooLong)
        {
            // EIO: the device cannot compute checksums. EINVAL, EMSGSIZE: a segment is more than the way carries, and must be fragmented.
            peer.NoSegmentationUntil = now + RetryAfter;
            return 0;
        }
        if (errno == Libc.TryAgain)
            return DropFrom(first, done: 0);
        if (endpoint.Unpin(errno))
            return 0;
        _drops.Count(DropReason.SendFailed, _counts[first]);
        return 1;
    }

    // The socket took nothing for the whole of its send timeout: another wait for each of the rest would stop all other peers, too.
    private int DropFrom(int first, int done)
    {
        var left = -done;
        for (var i = first; i < _runs; i++)
            left += _counts[i];
        _drops.Count(DropReason.SendFailed, left);
        return _runs - first;
    }

    // Returns how many runs are done with.
    private int SendSingly(int run, UdpSocket socket, UdpAddress endpoint)
    {
        var count = _counts[run];
        SplitRun(run, endpoint);
        for (var done = 0; done < count;)
        {
            var sent = Libc.SendMessages(socket.Descriptor, _singles + done, (uint)(count - done), 0);
            if (sent > 0)
            {
                done += sent;
            }
            else if (Libc.Errno == Libc.TryAgain)
            {
                return DropFrom(run, done);
            }
            else if (endpoint.Unpin(Libc.Errno))
            {
                SplitRun(run, endpoint);
            }
            else if (Libc.Errno != Libc.Interrupted)
            {
                _drops.Count(DropReason.SendFailed);
                done++;
            }
        }
        return 1;
    }

    private void SplitRun(int run, UdpAddress endpoint)
    {
        var size = _sizes[run];
        var source = endpoint.WriteSource(_singleControl);
        for (var i = 0; i < _counts[run]; i++)
        {
            var left = (int)_vectors[run].Length - (i * size);
            _singleVectors[i] = new IoVector(_vectors[run].Start + (i * size), Math.Min(size, left));
            SetName(&_singles[i].Header, endpoint);
            _singles[i].Header.ControlLength = (nuint)source;
        }
    }

    private void Address(int run, UdpAddress endpoint)
    {
        var header = &_messages[run].Header;
        SetName(header, endpoint);
        var length = endpoint.WriteSource(header->Control);
        if (_counts[run] > 1)
            length += UdpControl.WriteSegmentSize(header->Control + length, _sizes[run]);
        header->ControlLength = (nuint)length;
    }

    private static void Prepare(MessageHeader* header, IoVector* vector, byte* control)
    {
        header->Vectors = vector;
        header->VectorCount = 1;
        header->Control = control;
    }

    private static void SetName(MessageHeader* header, UdpAddress endpoint)
    {
        header->Name = endpoint.Pointer;
        header->NameLength = (uint)endpoint.Length;
    }

    private static T* Allocate<T>(int count)
        where T : unmanaged => (T*)NativeMemory.AllocZeroed((nuint)(count * sizeof(T)));
}
