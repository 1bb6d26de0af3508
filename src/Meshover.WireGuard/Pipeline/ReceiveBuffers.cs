using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Where one recvmmsg puts what has arrived: some buffers of 64 KiB, each for one datagram or, with UDP_GRO, for a run of equal ones of
/// one source. Owned by one receive worker.
/// </summary>
internal sealed unsafe class ReceiveBuffers : IDisposable
{
    /// <summary>Buffers; together they stay within a core's second-level cache.</summary>
    public const int Count = 8;

    private const int BufferBytes = 65_536 + 64;
    private const int ControlBytes = 128;

    private readonly byte* _data = (byte*)NativeMemory.AlignedAlloc(Count * BufferBytes, 4096);
    private readonly byte* _names = (byte*)NativeMemory.AllocZeroed(Count * UdpAddress.RawLength);
    private readonly byte* _controls = (byte*)NativeMemory.AllocZeroed(Count * ControlBytes);
    private readonly IoVector* _vectors = (IoVector*)NativeMemory.AllocZeroed((nuint)(Count * sizeof(IoVector)));
    private readonly MultiMessageHeader* _messages =
        (MultiMessageHeader*)NativeMemory.AllocZeroed((nuint)(Count * sizeof(MultiMessageHeader)));

    public ReceiveBuffers()
    {
        for (var i = 0; i < Count; i++)
        {
            _vectors[i] = new IoVector(_data + (i * BufferBytes), BufferBytes);
            ref var header = ref _messages[i].Header;
            header.Name = _names + (i * UdpAddress.RawLength);
            header.Vectors = &_vectors[i];
            header.VectorCount = 1;
            header.Control = _controls + (i * ControlBytes);
        }
    }

    /// <summary>Takes what has arrived, without waiting; returns how many buffers have something.</summary>
    public int Receive(int socket)
    {
        for (var i = 0; i < Count; i++)
        {
            ref var header = ref _messages[i].Header;
            header.NameLength = UdpAddress.MaxLength;
            header.ControlLength = ControlBytes;
        }
        return Math.Max(Libc.ReceiveMessages(socket, _messages, Count, Libc.DontWait, null), 0);
    }

    /// <summary>What the last <see cref="Receive"/> put into a buffer; valid until the next.</summary>
    public ReceivedMessage Read(int buffer)
    {
        ref readonly var message = ref _messages[buffer];
        var length = (int)message.Length;
        var name = message.Header.Name;
        var segment = UdpControl.Read(
            message.Header.Control, (int)message.Header.ControlLength, name + UdpAddress.MaxLength, out var trafficClass);
        return new ReceivedMessage(_vectors[buffer].Start, length, segment > 0 ? segment : length, name, trafficClass);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_data);
        NativeMemory.Free(_names);
        NativeMemory.Free(_controls);
        NativeMemory.Free(_vectors);
        NativeMemory.Free(_messages);
    }
}

/// <summary>One datagram, or a run of them, each of <see cref="SegmentSize"/> bytes but the last, which may be shorter.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly unsafe ref struct ReceivedMessage(byte* data, int length, int segmentSize, byte* source, byte trafficClass)
{
    public readonly byte* Data = data;
    public readonly int Length = length;
    public readonly int SegmentSize = segmentSize;

    /// <summary>The sender, and where to we received it, as <see cref="UdpAddress"/> keeps them.</summary>
    public readonly byte* Source = source;

    /// <summary>The TOS field or the traffic class; the kernel joins only datagrams that are alike in it.</summary>
    public readonly byte TrafficClass = trafficClass;

    /// <summary>The same as <see cref="Source"/>.</summary>
    public ReadOnlySpan<byte> SourceBytes => new(Source, UdpAddress.RawLength);

    /// <summary>How many datagrams; an empty one counts as any other.</summary>
    public int Count => Length == 0 ? 1 : (Length + SegmentSize - 1) / SegmentSize;

    /// <summary>One of them.</summary>
    public ReadOnlySpan<byte> this[int number]
    {
        get
        {
            var start = number * SegmentSize;
            return new ReadOnlySpan<byte>(Data + start, Math.Min(SegmentSize, Length - start));
        }
    }
}
