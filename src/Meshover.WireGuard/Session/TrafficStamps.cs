using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Session;

/// <summary>
/// When authentic packets last went one way, in milliseconds of the engine's clock, 0 = never. One worker writes, the control thread reads
/// at its tick: the data path arms no timers. On a cache line of its own, so that the two directions do not slow each other.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal sealed class TrafficStamps
{
    [FieldOffset(48)] private long _any;
    [FieldOffset(56)] private long _data;

    /// <summary>Any transport packet, the empty ones (keepalives) included.</summary>
    public long Any => Volatile.Read(ref _any);

    /// <summary>Packets that carry something.</summary>
    public long Data => Volatile.Read(ref _data);

    public void Note(long now, bool data)
    {
        Volatile.Write(ref _any, now);
        if (data)
            Volatile.Write(ref _data, now);
    }
}
