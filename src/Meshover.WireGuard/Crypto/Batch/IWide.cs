using System.Diagnostics.CodeAnalysis;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// A vector register: what the ciphers need of an instruction set, so that they are written once. The operators work on lanes of 64
/// bits, the methods named so on lanes of 32.
/// </summary>
internal unsafe interface IWide<T>
    where T : unmanaged, IWide<T>
{
    /// <summary>Whether this processor, and this build, has the instructions.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>Lanes of 64 bits.</summary>
    static abstract int Lanes { get; }

    static abstract T Create(ulong value);

    static abstract T Create32(uint value);

    static abstract T operator +(T a, T b);

    static abstract T operator ^(T a, T b);

    static abstract T operator &(T a, T b);

    static abstract T operator |(T a, T b);

    static abstract T operator <<(T a, int count);

    static abstract T operator >>>(T a, int count);

    /// <summary>The products of the lanes' lower halves.</summary>
    static abstract T operator *(T a, T b);

    static abstract T Add32(T a, T b);

    static abstract T RotateLeft32(T a, [ConstantExpected] byte count);

    /// <summary>The first two of every four 32-bit lanes: a0 b0 a1 b1.</summary>
    static abstract T InterleaveLow32(T a, T b);

    /// <summary>The last two of every four 32-bit lanes: a2 b2 a3 b3.</summary>
    static abstract T InterleaveHigh32(T a, T b);

    /// <summary>
    /// Reads 64 bytes at an offset of each of as many packets as there are lanes, and turns these rows into eight columns: the first
    /// has the packets' first 64-bit words, a packet a lane, and so on.
    /// </summary>
    static abstract void LoadColumns(byte** packets, int offset, T* columns);

    /// <summary>Turns eight columns back into rows, and writes those.</summary>
    static abstract void StoreColumns(T* columns, byte** packets, int offset);
}
