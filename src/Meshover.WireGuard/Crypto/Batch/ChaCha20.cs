using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// Blocks of ChaCha20 (RFC 8439, section 2.3), as many at once as <typeparamref name="T"/> has lanes of 32 bits. They have one key;
/// block counter and nonce are the lane's own.
/// </summary>
internal static unsafe class ChaCha20<T>
    where T : unmanaged, IWide<T>
{
    /// <summary>Bytes.</summary>
    public const int BlockLength = 64;

    /// <summary>Vectors that hold a block of each packet of a group, a 64-bit word of it each.</summary>
    public const int Columns = 8;

    private const int Rounds = 20;

    // "expand 32-byte k", little endian
    private const uint C0 = 0x61707865, C1 = 0x3320646e, C2 = 0x79622d32, C3 = 0x6b206574;

    /// <summary>Makes key stream.</summary>
    /// <param name="key">8 words.</param>
    /// <param name="lanes">Which block of which packet each lane makes.</param>
    /// <param name="firstBlock">Added to the lanes' block counters.</param>
    /// <param name="keyStream">Room for 16 vectors: the eight columns of the lanes' first group, then the second's.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MakeBlocks(uint* key, in ChaChaLanes<T> lanes, uint firstBlock, T* keyStream)
    {
        // The state of RFC 8439, section 2.3, one vector a word: constants, key, block counter, nonce (0, counter low, counter high).
        T x0 = T.Create32(C0), x1 = T.Create32(C1), x2 = T.Create32(C2), x3 = T.Create32(C3);
        T x4 = T.Create32(key[0]), x5 = T.Create32(key[1]), x6 = T.Create32(key[2]), x7 = T.Create32(key[3]);
        T x8 = T.Create32(key[4]), x9 = T.Create32(key[5]), x10 = T.Create32(key[6]), x11 = T.Create32(key[7]);
        T x12 = T.Add32(lanes.Block, T.Create32(firstBlock)), x13 = default, x14 = lanes.CounterLow, x15 = lanes.CounterHigh;

        for (var i = 0; i < Rounds; i += 2)
        {
            Round(
                ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7,
                ref x8, ref x9, ref x10, ref x11, ref x12, ref x13, ref x14, ref x15);
            Round(
                ref x0, ref x1, ref x2, ref x3, ref x5, ref x6, ref x7, ref x4,
                ref x10, ref x11, ref x8, ref x9, ref x15, ref x12, ref x13, ref x14);
        }

        Store(keyStream, T.Add32(x0, T.Create32(C0)), T.Add32(x1, T.Create32(C1)));
        Store(keyStream + 1, T.Add32(x2, T.Create32(C2)), T.Add32(x3, T.Create32(C3)));
        Store(keyStream + 2, T.Add32(x4, T.Create32(key[0])), T.Add32(x5, T.Create32(key[1])));
        Store(keyStream + 3, T.Add32(x6, T.Create32(key[2])), T.Add32(x7, T.Create32(key[3])));
        Store(keyStream + 4, T.Add32(x8, T.Create32(key[4])), T.Add32(x9, T.Create32(key[5])));
        Store(keyStream + 5, T.Add32(x10, T.Create32(key[6])), T.Add32(x11, T.Create32(key[7])));
        Store(keyStream + 6, T.Add32(x12, T.Add32(lanes.Block, T.Create32(firstBlock))), x13);
        Store(keyStream + 7, T.Add32(x14, lanes.CounterLow), T.Add32(x15, lanes.CounterHigh));
    }

    /// <summary>
    /// Four quarter rounds, step by step beside each other: one by one they need more registers at a time than AVX2 has, and wait for
    /// themselves.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        ref T a0, ref T a1, ref T a2, ref T a3, ref T b0, ref T b1, ref T b2, ref T b3,
        ref T c0, ref T c1, ref T c2, ref T c3, ref T d0, ref T d1, ref T d2, ref T d3)
    {
        Mix(ref a0, b0, ref d0, 16);
        Mix(ref a1, b1, ref d1, 16);
        Mix(ref a2, b2, ref d2, 16);
        Mix(ref a3, b3, ref d3, 16);
        Mix(ref c0, d0, ref b0, 12);
        Mix(ref c1, d1, ref b1, 12);
        Mix(ref c2, d2, ref b2, 12);
        Mix(ref c3, d3, ref b3, 12);
        Mix(ref a0, b0, ref d0, 8);
        Mix(ref a1, b1, ref d1, 8);
        Mix(ref a2, b2, ref d2, 8);
        Mix(ref a3, b3, ref d3, 8);
        Mix(ref c0, d0, ref b0, 7);
        Mix(ref c1, d1, ref b1, 7);
        Mix(ref c2, d2, ref b2, 7);
        Mix(ref c3, d3, ref b3, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref T sum, T addend, ref T mixed, [ConstantExpected] byte rotation)
    {
        sum = T.Add32(sum, addend);
        mixed = T.RotateLeft32(mixed ^ sum, rotation);
    }

    /// <summary>Two words of 32 bits a block become one of 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T* column, T even, T odd)
    {
        column[0] = T.InterleaveLow32(even, odd);
        column[Columns] = T.InterleaveHigh32(even, odd);
    }
}
