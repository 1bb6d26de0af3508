using System.Buffers;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Packets of one peer that wait for a session, oldest first. Bounded: when it is full the oldest goes, since the newest is the likeliest
/// to be still wanted. The send worker's alone. Buffers come from a pool, and only while there is something to wait for.
/// </summary>
internal sealed class StagedPackets
{
    /// <summary>As in Linux (MAX_STAGED_PACKETS).</summary>
    public const int Capacity = 128;

    private readonly Queue<(byte[] Buffer, int Length)> _packets = new();
    private int _bytes;

    /// <summary>Written by the send worker; when it may ask for a handshake again, in milliseconds.</summary>
    public long NextRequest { get; set; }

    public int Count => _packets.Count;

    /// <summary>Copies a packet. Returns how many went for it: the oldest, or itself if there is no room at all.</summary>
    public int Add(ReadOnlySpan<byte> packet, StagingRoom room)
    {
        var dropped = 0;
        for (; _packets.Count > 0 && !HasRoom(packet.Length, room); dropped++)
            RemoveFirst(room);
        if (!HasRoom(packet.Length, room))
            return dropped + 1;
        var buffer = ArrayPool<byte>.Shared.Rent(packet.Length);
        packet.CopyTo(buffer);
        _packets.Enqueue((buffer, packet.Length));
        _bytes += packet.Length;
        room.Free -= packet.Length;
        return dropped;
    }

    /// <summary>The oldest; stays until <see cref="RemoveFirst"/>.</summary>
    public ReadOnlySpan<byte> First => _packets.Peek() is var (buffer, length) ? buffer.AsSpan(0, length) : default;

    public void RemoveFirst(StagingRoom room)
    {
        var (buffer, length) = _packets.Dequeue();
        ArrayPool<byte>.Shared.Return(buffer);
        _bytes -= length;
        room.Free += length;
    }

    /// <summary>Drops all; returns how many.</summary>
    public int Clear(StagingRoom room)
    {
        var count = _packets.Count;
        while (_packets.Count > 0)
            RemoveFirst(room);
        return count;
    }

    private bool HasRoom(int length, StagingRoom room) => _packets.Count < Capacity && _bytes + length <= room.Share;
}

/// <summary>What all peers of one send worker may have waiting together: when a thousand of them are gone at once, that is still not much.</summary>
internal sealed class StagingRoom
{
    /// <summary>Bytes.</summary>
    public const int Capacity = 8 << 20;

    /// <summary>Bytes.</summary>
    public int Free { get; set; } = Capacity;

    /// <summary>
    /// Bytes that one peer may have waiting: a part of what is free, so that peers which are gone for long, however many, leave room for
    /// one that is about to answer.
    /// </summary>
    public int Share => Free / 8;
}
