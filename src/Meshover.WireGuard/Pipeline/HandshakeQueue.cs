using Meshover.WireGuard.Io;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Handshake datagrams that wait for the control thread: a ring of fixed places, one writer, one reader, no locks.
/// </summary>
/// <param name="capacity">How many; a power of two.</param>
internal sealed class HandshakeQueue(int capacity)
{
    /// <summary>The longest handshake message, an initiation.</summary>
    public const int MaxMessage = 148;

    private const int PlaceSize = MaxMessage + UdpAddress.RawLength;

    private readonly byte[] _places = new byte[capacity * PlaceSize];
    private readonly int[] _lengths = new int[capacity];
    private int _written;
    private int _read;
    private int _initiationsWritten;
    private int _initiationsRead;

    public int Count => Volatile.Read(ref _written) - Volatile.Read(ref _read);

    /// <summary>How many of them begin a handshake; the reader.</summary>
    public int Initiations => Volatile.Read(ref _initiationsWritten) - _initiationsRead;

    /// <summary>The writer. False if it is full, or no handshake message is that long.</summary>
    public bool TryAdd(ReadOnlySpan<byte> message, ReadOnlySpan<byte> source)
    {
        if (message.Length > MaxMessage || Count == capacity)
            return false;
        var place = Place(_written);
        message.CopyTo(place);
        source[..UdpAddress.RawLength].CopyTo(place[MaxMessage..]);
        _lengths[(uint)_written % (uint)capacity] = message.Length;
        if (IsInitiation(message))
            Volatile.Write(ref _initiationsWritten, _initiationsWritten + 1);
        Volatile.Write(ref _written, _written + 1);
        Interlocked.MemoryBarrier(); // with the one in Remove: one of both ends sees what the other has just done
        return true;
    }

    /// <summary>The reader: the oldest one, which stays valid until <see cref="Remove"/>.</summary>
    public bool TryPeek(out ReadOnlySpan<byte> message, out ReadOnlySpan<byte> source)
    {
        message = default;
        source = default;
        if (Count == 0)
            return false;
        var place = Place(_read);
        message = place[.._lengths[(uint)_read % (uint)capacity]];
        source = place[MaxMessage..];
        return true;
    }

    public void Remove()
    {
        if (IsInitiation(Place(_read)[.._lengths[(uint)_read % (uint)capacity]]))
            _initiationsRead++;
        Volatile.Write(ref _read, _read + 1);
        Interlocked.MemoryBarrier();
    }

    private static bool IsInitiation(ReadOnlySpan<byte> message) => message is [(byte)MessageType.Initiation, ..];

    private Span<byte> Place(int position) => _places.AsSpan((int)((uint)position % (uint)capacity) * PlaceSize, PlaceSize);
}
