using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Noise;

/// <summary>
/// A TAI64N label of 12 bytes: seconds (8, big endian, offset 2^62 + 10) and nanoseconds (4), https://cr.yp.to/libtai/tai64.html.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Tai64n(ulong Seconds, uint Nanoseconds) : IComparable<Tai64n>
{
    public const int Length = 12;

    private const ulong UnixEpoch = 0x400000000000000a;

    public static Tai64n FromUnix(TimeSpan sinceEpoch) =>
        new(UnixEpoch + (ulong)(sinceEpoch.Ticks / TimeSpan.TicksPerSecond), (uint)(sinceEpoch.Ticks % TimeSpan.TicksPerSecond) * 100);

    public static Tai64n Read(ReadOnlySpan<byte> label) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(label), BinaryPrimitives.ReadUInt32BigEndian(label[8..]));

    public void Write(Span<byte> label)
    {
        BinaryPrimitives.WriteUInt64BigEndian(label, Seconds);
        BinaryPrimitives.WriteUInt32BigEndian(label[8..], Nanoseconds);
    }

    /// <summary>The label in hexadecimal.</summary>
    public string ToText()
    {
        Span<byte> label = stackalloc byte[Length];
        Write(label);
        return Convert.ToHexStringLower(label);
    }

    /// <summary>Null if the text is no label.</summary>
    public static Tai64n? Parse(string text)
    {
        Span<byte> label = stackalloc byte[Length];
        return Convert.FromHexString(text, label, out _, out var written) == OperationStatus.Done && written == Length ? Read(label) : null;
    }

    public int CompareTo(Tai64n other)
    {
        var seconds = Seconds.CompareTo(other.Seconds);
        return seconds != 0 ? seconds : Nanoseconds.CompareTo(other.Nanoseconds);
    }

    public static bool operator <(Tai64n left, Tai64n right) => left.CompareTo(right) < 0;
    public static bool operator >(Tai64n left, Tai64n right) => left.CompareTo(right) > 0;
    public static bool operator <=(Tai64n left, Tai64n right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Tai64n left, Tai64n right) => left.CompareTo(right) >= 0;
}
