using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Row = System.Runtime.Intrinsics.Vector512<ulong>;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>Eight rows of eight 64-bit words, turned into columns: word i of every packet beside each other, one packet a lane.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Transpose
{
    public Row C0, C1, C2, C3, C4, C5, C6, C7;

    /// <summary>Reads 64 bytes at an offset of each of eight packets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Transpose Load(byte** packets, int offset) => Of(
        Read(packets[0] + offset), Read(packets[1] + offset), Read(packets[2] + offset), Read(packets[3] + offset),
        Read(packets[4] + offset), Read(packets[5] + offset), Read(packets[6] + offset), Read(packets[7] + offset));

    /// <summary>Reads eight pieces of 64 bytes that lie one behind the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Transpose Load(byte* rows) => Of(
        Read(rows), Read(rows + 64), Read(rows + 128), Read(rows + 192), Read(rows + 256), Read(rows + 320), Read(rows + 384), Read(rows + 448));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe Row Read(byte* at) => Vector512.Load((ulong*)at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Transpose Of(Row r0, Row r1, Row r2, Row r3, Row r4, Row r5, Row r6, Row r7)
    {
        // Pairs of words: even columns from the low halves, odd ones from the high halves; then the 128-bit pieces into their places.
        Row even01 = Avx512F.UnpackLow(r0, r1), even23 = Avx512F.UnpackLow(r2, r3);
        Row even45 = Avx512F.UnpackLow(r4, r5), even67 = Avx512F.UnpackLow(r6, r7);
        Row odd01 = Avx512F.UnpackHigh(r0, r1), odd23 = Avx512F.UnpackHigh(r2, r3);
        Row odd45 = Avx512F.UnpackHigh(r4, r5), odd67 = Avx512F.UnpackHigh(r6, r7);
        var turned = default(Transpose);
        Gather(even01, even23, even45, even67, out turned.C0, out turned.C2, out turned.C4, out turned.C6);
        Gather(odd01, odd23, odd45, odd67, out turned.C1, out turned.C3, out turned.C5, out turned.C7);
        return turned;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gather(Row r01, Row r23, Row r45, Row r67, out Row first, out Row second, out Row third, out Row fourth)
    {
        const byte EvenPieces = 0x88, OddPieces = 0xdd;
        Row upper = Avx512F.Shuffle4x128(r01, r23, EvenPieces), lower = Avx512F.Shuffle4x128(r45, r67, EvenPieces);
        first = Avx512F.Shuffle4x128(upper, lower, EvenPieces);
        third = Avx512F.Shuffle4x128(upper, lower, OddPieces);
        upper = Avx512F.Shuffle4x128(r01, r23, OddPieces);
        lower = Avx512F.Shuffle4x128(r45, r67, OddPieces);
        second = Avx512F.Shuffle4x128(upper, lower, EvenPieces);
        fourth = Avx512F.Shuffle4x128(upper, lower, OddPieces);
    }
}
