using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Row = System.Runtime.Intrinsics.Vector256<ulong>;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>256 bits, with AVX2.</summary>
internal readonly unsafe struct Wide256(Row value) : IWide<Wide256>
{
    private readonly Row _value = value;

    public static bool IsSupported => Avx2.IsSupported;

    public static int Lanes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 Create(ulong value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 Create32(uint value) => new(Vector256.Create(value).AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 operator +(Wide256 a, Wide256 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 operator ^(Wide256 a, Wide256 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 operator &(Wide256 a, Wide256 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 operator |(Wide256 a, Wide256 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 operator <<(Wide256 a, int count) => new(a._value << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 operator >>>(Wide256 a, int count) => new(a._value >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 operator *(Wide256 a, Wide256 b) => new(Avx2.Multiply(a._value.AsUInt32(), b._value.AsUInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 Add32(Wide256 a, Wide256 b) => new((a._value.AsUInt32() + b._value.AsUInt32()).AsUInt64());

    // Halves can be swapped without a register for the pattern, of which ChaCha20 leaves none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 RotateLeft32(Wide256 a, [ConstantExpected] byte count)
    {
        const byte SwapPairs = 0xb1;
        var words = a._value.AsUInt32();
        return new(count == 16
            ? Avx2.ShuffleHigh(Avx2.ShuffleLow(words.AsUInt16(), SwapPairs), SwapPairs).AsUInt64()
            : ((words << count) | (words >>> (32 - count))).AsUInt64());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 InterleaveLow32(Wide256 a, Wide256 b) =>
        new(Avx2.UnpackLow(a._value.AsUInt32(), b._value.AsUInt32()).AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Wide256 InterleaveHigh32(Wide256 a, Wide256 b) =>
        new(Avx2.UnpackHigh(a._value.AsUInt32(), b._value.AsUInt32()).AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadColumns(byte** packets, int offset, Wide256* columns)
    {
        var to = (Row*)columns;
        for (var half = 0; half < 2; half++, to += 4, offset += sizeof(Row))
        {
            Turn(
                At(packets[0], offset), At(packets[1], offset), At(packets[2], offset), At(packets[3], offset),
                out to[0], out to[1], out to[2], out to[3]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreColumns(Wide256* columns, byte** packets, int offset)
    {
        var from = (Row*)columns;
        for (var half = 0; half < 2; half++, from += 4, offset += sizeof(Row))
        {
            Turn(
                from[0], from[1], from[2], from[3],
                out At(packets[0], offset), out At(packets[1], offset), out At(packets[2], offset), out At(packets[3], offset));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref Row At(byte* packet, int offset) => ref Unsafe.AsRef<Row>(packet + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(Row r0, Row r1, Row r2, Row r3, out Row c0, out Row c1, out Row c2, out Row c3)
    {
        const byte LowPieces = 0x20, HighPieces = 0x31;
        Row even01 = Avx2.UnpackLow(r0, r1), even23 = Avx2.UnpackLow(r2, r3);
        Row odd01 = Avx2.UnpackHigh(r0, r1), odd23 = Avx2.UnpackHigh(r2, r3);
        c0 = Avx2.Permute2x128(even01, even23, LowPieces);
        c1 = Avx2.Permute2x128(odd01, odd23, LowPieces);
        c2 = Avx2.Permute2x128(even01, even23, HighPieces);
        c3 = Avx2.Permute2x128(odd01, odd23, HighPieces);
    }
}
