using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Word = System.Runtime.Intrinsics.Vector512<uint>;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// Sixteen blocks of ChaCha20 (RFC 8439, section 2.3) at once, each in a lane of its own, with AVX-512. All have one key; block counter
/// and nonce are the lane's own, so it does not matter which packet a block belongs to.
/// </summary>
internal static unsafe class ChaCha16
{
    public const int Lanes = 16;
    public const int BlockLength = 64;

    private const int Rounds = 20;

    // "expand 32-byte k", little endian
    private const uint C0 = 0x61707865, C1 = 0x3320646e, C2 = 0x79622d32, C3 = 0x6b206574;

    /// <summary>Makes sixteen blocks of key stream.</summary>
    /// <param name="key">8 words.</param>
    /// <param name="inputs">16 block counters, then the low words of 16 packet counters, then their high words.</param>
    /// <param name="keyStream">Room for 16 blocks of 64 bytes.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MakeBlocks(uint* key, uint* inputs, byte* keyStream)
    {
        // The state of RFC 8439, section 2.3, one vector a word: constants, key, block counter, nonce (0, counter low, counter high).
        Word x0 = Vector512.Create(C0), x1 = Vector512.Create(C1), x2 = Vector512.Create(C2), x3 = Vector512.Create(C3);
        Word x4 = Vector512.Create(key[0]), x5 = Vector512.Create(key[1]), x6 = Vector512.Create(key[2]), x7 = Vector512.Create(key[3]);
        Word x8 = Vector512.Create(key[4]), x9 = Vector512.Create(key[5]), x10 = Vector512.Create(key[6]), x11 = Vector512.Create(key[7]);
        Word block = Vector512.Load(inputs), low = Vector512.Load(inputs + Lanes), high = Vector512.Load(inputs + (2 * Lanes));
        Word x12 = block, x13 = Word.Zero, x14 = low, x15 = high;

        for (var i = 0; i < Rounds; i += 2)
        {
            QuarterRound(ref x0, ref x4, ref x8, ref x12);
            QuarterRound(ref x1, ref x5, ref x9, ref x13);
            QuarterRound(ref x2, ref x6, ref x10, ref x14);
            QuarterRound(ref x3, ref x7, ref x11, ref x15);
            QuarterRound(ref x0, ref x5, ref x10, ref x15);
            QuarterRound(ref x1, ref x6, ref x11, ref x12);
            QuarterRound(ref x2, ref x7, ref x8, ref x13);
            QuarterRound(ref x3, ref x4, ref x9, ref x14);
        }

        x0 += Vector512.Create(C0);
        x1 += Vector512.Create(C1);
        x2 += Vector512.Create(C2);
        x3 += Vector512.Create(C3);
        StoreWords(x0, x1, x2, x3, keyStream);
        x4 += Vector512.Create(key[0]);
        x5 += Vector512.Create(key[1]);
        x6 += Vector512.Create(key[2]);
        x7 += Vector512.Create(key[3]);
        StoreWords(x4, x5, x6, x7, keyStream + 16);
        x8 += Vector512.Create(key[4]);
        x9 += Vector512.Create(key[5]);
        x10 += Vector512.Create(key[6]);
        x11 += Vector512.Create(key[7]);
        StoreWords(x8, x9, x10, x11, keyStream + 32);
        StoreWords(x12 + block, x13, x14 + low, x15 + high, keyStream + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRound(ref Word a, ref Word b, ref Word c, ref Word d)
    {
        a += b;
        d = Avx512F.RotateLeft(d ^ a, 16);
        c += d;
        b = Avx512F.RotateLeft(b ^ c, 12);
        a += b;
        d = Avx512F.RotateLeft(d ^ a, 8);
        c += d;
        b = Avx512F.RotateLeft(b ^ c, 7);
    }

    /// <summary>Turns four words of 16 lanes round: 16 bytes of each lane's block, 64 bytes apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreWords(Word a, Word b, Word c, Word d, byte* destination)
    {
        var abLow = Avx512F.UnpackLow(a, b).AsUInt64();
        var cdLow = Avx512F.UnpackLow(c, d).AsUInt64();
        var abHigh = Avx512F.UnpackHigh(a, b).AsUInt64();
        var cdHigh = Avx512F.UnpackHigh(c, d).AsUInt64();
        StoreEveryFourthLane(Avx512F.UnpackLow(abLow, cdLow).AsByte(), destination);
        StoreEveryFourthLane(Avx512F.UnpackHigh(abLow, cdLow).AsByte(), destination + BlockLength);
        StoreEveryFourthLane(Avx512F.UnpackLow(abHigh, cdHigh).AsByte(), destination + (2 * BlockLength));
        StoreEveryFourthLane(Avx512F.UnpackHigh(abHigh, cdHigh).AsByte(), destination + (3 * BlockLength));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreEveryFourthLane(Vector512<byte> pieces, byte* destination)
    {
        Avx512F.ExtractVector128(pieces, 0).Store(destination);
        Avx512F.ExtractVector128(pieces, 1).Store(destination + (4 * BlockLength));
        Avx512F.ExtractVector128(pieces, 2).Store(destination + (8 * BlockLength));
        Avx512F.ExtractVector128(pieces, 3).Store(destination + (12 * BlockLength));
    }
}
