using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Row = System.Runtime.Intrinsics.Vector512<ulong>;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>512 bits, with AVX-512.</summary>
internal readonly unsafe struct Wide512(Row value) : IWide<Wide512>
{
    private readonly Row _value = value;

    public static bool IsSupported => Avx512F.IsSupported;

    public static int Lanes => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 Create(ulong value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 Create32(uint value) => new(Vector512.Create(value).AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 operator +(Wide512 a, Wide512 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 operator ^(Wide512 a, Wide512 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 operator &(Wide512 a, Wide512 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 operator |(Wide512 a, Wide512 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 operator <<(Wide512 a, int count) => new(a._value << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 operator >>>(Wide512 a, int count) => new(a._value >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 operator *(Wide512 a, Wide512 b) => new(Avx512F.Multiply(a._value.AsUInt32(), b._value.AsUInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 Add32(Wide512 a, Wide512 b) => new((a._value.AsUInt32() + b._value.AsUInt32()).AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 RotateLeft32(Wide512 a, [ConstantExpected] byte count) =>
        new(Avx512F.RotateLeft(a._value.AsUInt32(), count).AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 InterleaveLow32(Wide512 a, Wide512 b) =>
        new(Avx512F.UnpackLow(a._value.AsUInt32(), b._value.AsUInt32()).AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide512 InterleaveHigh32(Wide512 a, Wide512 b) =>
        new(Avx512F.UnpackHigh(a._value.AsUInt32(), b._value.AsUInt32()).AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadColumns(byte** packets, int offset, Wide512* columns)
    {
        var to = (Row*)columns;
        Turn(
            At(packets[0], offset), At(packets[1], offset), At(packets[2], offset), At(packets[3], offset),
            At(packets[4], offset), At(packets[5], offset), At(packets[6], offset), At(packets[7], offset),
            out to[0], out to[1], out to[2], out to[3], out to[4], out to[5], out to[6], out to[7]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreColumns(Wide512* columns, byte** packets, int offset)
    {
        var from = (Row*)columns;
        Turn(
            from[0], from[1], from[2], from[3], from[4], from[5], from[6], from[7],
            out At(packets[0], offset), out At(packets[1], offset), out At(packets[2], offset), out At(packets[3], offset),
            out At(packets[4], offset), out At(packets[5], offset), out At(packets[6], offset), out At(packets[7], offset));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref Row At(byte* packet, int offset) => ref Unsafe.AsRef<Row>(packet + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(
        Row r0, Row r1, Row r2, Row r3, Row r4, Row r5, Row r6, Row r7,
        out Row c0, out Row c1, out Row c2, out Row c3, out Row c4, out Row c5, out Row c6, out Row c7)
    {
        // Pairs of words: even columns from the low halves, odd ones from the high halves; then the 128-bit pieces into their places.
        Row even01 = Avx512F.UnpackLow(r0, r1), even23 = Avx512F.UnpackLow(r2, r3);
        Row even45 = Avx512F.UnpackLow(r4, r5), even67 = Avx512F.UnpackLow(r6, r7);
        Row odd01 = Avx512F.UnpackHigh(r0, r1), odd23 = Avx512F.UnpackHigh(r2, r3);
        Row odd45 = Avx512F.UnpackHigh(r4, r5), odd67 = Avx512F.UnpackHigh(r6, r7);
        Gather(even01, even23, even45, even67, out c0, out c2, out c4, out c6);
        Gather(odd01, odd23, odd45, odd67, out c1, out c3, out c5, out c7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gather(Row r01, Row r23, Row r45, Row r67, out Row first, out Row second, out Row third, out Row fourth)
    {
        const byte EvenPieces = 0x88, OddPieces = 0xdd;
        Row upper = Avx512F.Shuffle4x128(r01, r23, EvenPieces), lower = Avx512F.Shuffle4x128(r45, r67, EvenPieces);
        Row upperOdd = Avx512F.Shuffle4x128(r01, r23, OddPieces), lowerOdd = Avx512F.Shuffle4x128(r45, r67, OddPieces);
        first = Avx512F.Shuffle4x128(upper, lower, EvenPieces);
        third = Avx512F.Shuffle4x128(upper, lower, OddPieces);
        second = Avx512F.Shuffle4x128(upperOdd, lowerOdd, EvenPieces);
        fourth = Avx512F.Shuffle4x128(upperOdd, lowerOdd, OddPieces);
    }
}
