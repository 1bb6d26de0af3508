using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Frames of the main device on their way from the worker that reads it to the worker whose peer they are for: bounded, one writer, one
/// reader, no locks. Positions only grow; a frame that does not fit before the buffer's end lies at its beginning.
/// </summary>
internal sealed unsafe class FrameRing : IDisposable
{
    /// <summary>The most frames that wait.</summary>
    public const int Places = 512;

    // Some dozens of the largest frames.
    private const int BufferBytes = 2 << 20;

    // The packet behind the vnet header lies on a 16-byte boundary, as where it was read.
    private const int Alignment = 16;
    private const int Lead = Alignment - VnetHeader.Size;

    // Touched only where frames come to lie: a worker that is handed little costs little memory.
    private readonly byte* _buffer = (byte*)NativeMemory.AlignedAlloc(BufferBytes, 4096);
    private readonly Place[] _places = new Place[Places];
    private long _end;
    private long _freed;
    private int _written;
    private int _read;

    public int Count => Volatile.Read(ref _written) - Volatile.Read(ref _read);

    /// <summary>The writer: copies a frame. False if there is no room for it.</summary>
    public bool TryAdd(Peer peer, ReadOnlySpan<byte> frame)
    {
        var length = (Lead + frame.Length + Alignment - 1) & -Alignment;
        var start = (_end % BufferBytes) + length <= BufferBytes ? _end : ((_end / BufferBytes) + 1) * BufferBytes;
        if (Count == Places || start + length - Volatile.Read(ref _freed) > BufferBytes)
            return false;
        _end = start + length;
        var data = _buffer + (start % BufferBytes) + Lead;
        frame.CopyTo(new Span<byte>(data, frame.Length));
        _places[(uint)_written % Places] = new Place(peer, (nint)data, frame.Length, _end);
        Volatile.Write(ref _written, _written + 1);
        return true;
    }

    /// <summary>The reader: the oldest frame, which stays until <see cref="Remove"/>.</summary>
    public bool TryPeek(out Peer peer, out byte* frame, out int length)
    {
        var place = Count == 0 ? default : _places[(uint)_read % Places];
        peer = place.Peer;
        frame = (byte*)place.Data;
        length = place.Length;
        return length > 0;
    }

    public void Remove()
    {
        ref var place = ref _places[(uint)_read % Places];
        Volatile.Write(ref _freed, place.End);
        place = default; // a removed peer is not kept
        Volatile.Write(ref _read, _read + 1);
    }

    public void Dispose() => NativeMemory.AlignedFree(_buffer);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Place(Peer Peer, nint Data, int Length, long End);
}
