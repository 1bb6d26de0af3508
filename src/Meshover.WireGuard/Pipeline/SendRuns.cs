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
    private readonly IoVector* _vectors;
    private readonly byte* _controls;
    private readonly SendRun[] _runs;
    private int _count;

    /// <param name="capacity">The most datagrams of a batch.</param>
    public SendRuns(int capacity, DropCounters drops)
    {
        _drops = drops;
        _runs = new SendRun[capacity];
        _messages = Allocate<MultiMessageHeader>(capacity);
        _vectors = Allocate<IoVector>(capacity);
        _controls = Allocate<byte>(capacity * UdpControl.MaxLength);
        for (var i = 0; i < capacity; i++)
        {
            ref var header = ref _messages[i].Header;
            header.Vectors = &_vectors[i];
            header.VectorCount = 1;
            header.Control = _controls + (i * UdpControl.MaxLength);
        }
    }

    /// <summary>Adds a datagram, which lies right behind the one before.</summary>
    /// <param name="trafficClass">Its <see cref="OuterClass"/>: a run has one header, and so one value.</param>
    public void Add(byte* datagram, int length, int trafficClass = 0)
    {
        if (_count > 0 && TryJoin(ref _runs[_count - 1], length, trafficClass))
            return;
        _runs[_count++] = new SendRun { Start = datagram, Length = length, Size = length, Count = 1, TrafficClass = trafficClass };
    }

    /// <summary>Sends all to where the peer is, and is empty again.</summary>
    public void Send(Peer peer, UdpSocket socket, UdpAddress endpoint, long now)
    {
        for (var first = 0; first < _count;)
        {
            if (!socket.SendsLarge || now < peer.NoSegmentationUntil)
                Split(first);
            Address(first, endpoint);
            var sent = Libc.SendMessages(socket.Descriptor, _messages + first, (uint)(_count - first), 0);
            if (sent > 0)
            {
                first += sent;
                continue;
            }
            switch (Judge(Libc.Errno, _runs[first].Count, endpoint))
            {
                case Verdict.Singly: peer.NoSegmentationUntil = now + RetryAfter; break;
                case Verdict.DropFirst: Drop(first, first + 1); first++; break;
                case Verdict.DropAll: Drop(first, _count); first = _count; break;
            }
        }
        GC.KeepAlive(endpoint);
        _count = 0;
    }

    /// <summary>Drops all.</summary>
    public void Clear() => _count = 0;

    public void Dispose()
    {
        NativeMemory.Free(_messages);
        NativeMemory.Free(_vectors);
        NativeMemory.Free(_controls);
    }

    private static bool TryJoin(ref SendRun run, int length, int trafficClass)
    {
        var isOpen = run.Length == run.Size * run.Count; // a shorter one is the last
        if (!isOpen || length > run.Size || run.Count == MaxSegments || run.Length + length > MaxSegmentedBytes || run.TrafficClass != trafficClass)
            return false;
        run.Length += length;
        run.Count++;
        return true;
    }

    // What a failed send of a run means. Letting go of a source that is gone comes before all else: to some of these the kernel gives the
    // same number as to a segmented send that it refuses.
    private static Verdict Judge(int errno, int count, UdpAddress endpoint)
    {
        if (errno == Libc.Interrupted || endpoint.Unpin(errno))
            return Verdict.Again;
        // EIO: the device cannot compute checksums. EINVAL, EMSGSIZE: a segment is more than the way carries, and must be fragmented.
        if (count > 1 && errno is Libc.InputOutputError or Libc.Invalid or Libc.MessageTooLong)
            return Verdict.Singly;
        // The socket took nothing for the whole of its send timeout: another wait for each of the rest would stop all other peers, too.
        return errno == Libc.TryAgain ? Verdict.DropAll : Verdict.DropFirst;
    }

    private void Drop(int from, int to)
    {
        for (var i = from; i < to; i++)
            _drops.Count(DropReason.SendFailed, _runs[i].Count);
    }

    // From the last to the first: the datagrams, which are never more than there are places, take the places of their runs and those behind.
    private void Split(int first)
    {
        var place = first;
        for (var i = first; i < _count; i++)
            place += _runs[i].Count;
        var split = place;
        for (var i = _count - 1; i >= first; i--)
        {
            var run = _runs[i];
            for (var part = run.Count - 1; part >= 0; part--)
                _runs[--place] = run.Part(part);
        }
        _count = split;
    }

    private void Address(int first, UdpAddress endpoint)
    {
        for (var i = first; i < _count; i++)
        {
            ref readonly var run = ref _runs[i];
            _vectors[i] = new IoVector(run.Start, run.Length);
            ref var header = ref _messages[i].Header;
            header.Name = endpoint.Pointer;
            header.NameLength = (uint)endpoint.Length;
            header.ControlLength = (nuint)WriteControl(header.Control, run, endpoint);
        }
    }

    private static int WriteControl(byte* control, in SendRun run, UdpAddress endpoint)
    {
        var length = endpoint.WriteSource(control);
        if (run.Count > 1)
            length += UdpControl.WriteSegmentSize(control + length, run.Size);
        if (run.TrafficClass != 0)
            length += UdpControl.WriteTrafficClass(control + length, endpoint.IsV4, run.TrafficClass);
        return length;
    }

    private static T* Allocate<T>(int count)
        where T : unmanaged => (T*)NativeMemory.AllocZeroed((nuint)(count * sizeof(T)));

    private enum Verdict
    {
        Again,
        Singly,
        DropFirst,
        DropAll,
    }
}

/// <summary>Datagrams in a row, all of <see cref="Size"/> but the last, which may be shorter.</summary>
[StructLayout(LayoutKind.Auto)]
internal unsafe struct SendRun
{
    public byte* Start;
    public int Length;
    public int Size;
    public int Count;
    public int TrafficClass;

    /// <summary>One of its datagrams as a run of its own.</summary>
    public readonly SendRun Part(int number)
    {
        var length = Math.Min(Size, Length - (number * Size));
        return new SendRun { Start = Start + (number * Size), Length = length, Size = length, Count = 1, TrafficClass = TrafficClass };
    }
}
