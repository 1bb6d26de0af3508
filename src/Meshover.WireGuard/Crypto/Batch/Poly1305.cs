using System.Runtime.CompilerServices;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// Poly1305 (RFC 8439, section 2.5) of as many messages of one length as <typeparamref name="T"/> has lanes of 64 bits, each in a lane of
/// its own with a key of its own. Numbers are five limbs of 26 bits; products of 32 x 32 bits are added up in 64.
/// </summary>
[SkipLocalsInit]
internal unsafe struct Poly1305<T>
    where T : unmanaged, IWide<T>
{
    private const int LimbBits = 26;
    private const ulong LimbMask = (1UL << LimbBits) - 1;
    private const ulong HighBit = 1UL << (128 - (4 * LimbBits)); // the 1 that stands behind each block of 16 bytes

    // Section 2.5: which bits of r are kept.
    private const ulong ClampLow = 0x0ffffffc0fffffff, ClampHigh = 0x0ffffffc0ffffffc;

    private T _h0, _h1, _h2, _h3, _h4, _padLow, _padHigh;
    private Factor _r, _rSquared;

    /// <summary>Begins anew.</summary>
    /// <param name="key">The one-time keys, as four columns: r, and what is added at the end.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Begin(T* key)
    {
        Split(key[0] & T.Create(ClampLow), key[1] & T.Create(ClampHigh), out var r0, out var r1, out var r2, out var r3, out var r4);
        _r.Set(r0, r1, r2, r3, r4);
        T d0 = default, d1 = default, d2 = default, d3 = default, d4 = default;
        MultiplyAdd(ref d0, ref d1, ref d2, ref d3, ref d4, r0, r1, r2, r3, r4, _r);
        Carry(ref d0, ref d1, ref d2, ref d3, ref d4);
        _rSquared.Set(d0, d1, d2, d3, d4);
        _h0 = _h1 = _h2 = _h3 = _h4 = default;
        (_padLow, _padHigh) = (key[2], key[3]);
    }

    /// <summary>Goes on with blocks of 16 bytes, two columns each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(T* columns, int blocks)
    {
        T h0 = _h0, h1 = _h1, h2 = _h2, h3 = _h3, h4 = _h4;
        for (; blocks > 0; blocks -= 2, columns += 4)
        {
            // Two blocks at a time carry once: (h + first) r^2 + second r.
            T d0 = default, d1 = default, d2 = default, d3 = default, d4 = default;
            AddBlock(ref h0, ref h1, ref h2, ref h3, ref h4, columns);
            if (blocks > 1)
            {
                MultiplyAdd(ref d0, ref d1, ref d2, ref d3, ref d4, h0, h1, h2, h3, h4, _rSquared);
                h0 = h1 = h2 = h3 = h4 = default;
                AddBlock(ref h0, ref h1, ref h2, ref h3, ref h4, columns + 2);
            }
            MultiplyAdd(ref d0, ref d1, ref d2, ref d3, ref d4, h0, h1, h2, h3, h4, _r);
            Carry(ref d0, ref d1, ref d2, ref d3, ref d4);
            (h0, h1, h2, h3, h4) = (d0, d1, d2, d3, d4);
        }
        (_h0, _h1, _h2, _h3, _h4) = (h0, h1, h2, h3, h4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddBlock(ref T h0, ref T h1, ref T h2, ref T h3, ref T h4, T* block)
    {
        Split(block[0], block[1], out var b0, out var b1, out var b2, out var b3, out var b4);
        h0 += b0;
        h1 += b1;
        h2 += b2;
        h3 += b3;
        h4 += b4 | T.Create(HighBit);
    }

    /// <summary>d += h r mod 2^130 - 5, with limbs of up to 60 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd(
        ref T d0, ref T d1, ref T d2, ref T d3, ref T d4, T h0, T h1, T h2, T h3, T h4, in Factor r)
    {
        // What overflows 2^130 comes back times 5: s = 5 r.
        d0 = d0 + (h0 * r.R0) + (h1 * r.S4) + (h2 * r.S3) + (h3 * r.S2) + (h4 * r.S1);
        d1 = d1 + (h0 * r.R1) + (h1 * r.R0) + (h2 * r.S4) + (h3 * r.S3) + (h4 * r.S2);
        d2 = d2 + (h0 * r.R2) + (h1 * r.R1) + (h2 * r.R0) + (h3 * r.S4) + (h4 * r.S3);
        d3 = d3 + (h0 * r.R3) + (h1 * r.R2) + (h2 * r.R1) + (h3 * r.R0) + (h4 * r.S4);
        d4 = d4 + (h0 * r.R4) + (h1 * r.R3) + (h2 * r.R2) + (h3 * r.R1) + (h4 * r.R0);
    }

    /// <summary>Leaves limbs only a little longer than 26 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Carry(ref T d0, ref T d1, ref T d2, ref T d3, ref T d4)
    {
        // Two chains side by side, 0-1-2-3-4 and 3-4-0-1: each waits for the other's results only half as long.
        var mask = T.Create(LimbMask);
        d1 += d0 >>> LimbBits;
        d4 += d3 >>> LimbBits;
        d2 += d1 >>> LimbBits;
        d0 = (d0 & mask) + TimesFive(d4 >>> LimbBits);
        d3 = (d3 & mask) + (d2 >>> LimbBits);
        d2 &= mask;
        d1 = (d1 & mask) + (d0 >>> LimbBits);
        d0 &= mask;
        d4 = (d4 & mask) + (d3 >>> LimbBits);
        d3 &= mask;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(T low, T high, out T l0, out T l1, out T l2, out T l3, out T l4)
    {
        var mask = T.Create(LimbMask);
        l0 = low & mask;
        l1 = (low >>> 26) & mask;
        l2 = ((low >>> 52) | (high << 12)) & mask;
        l3 = (high >>> 14) & mask;
        l4 = high >>> 40;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T TimesFive(T a) => a + (a << 2);

    /// <summary>The tags, in two columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Finish(out T low, out T high)
    {
        T h0 = _h0, h1 = _h1, h2 = _h2, h3 = _h3, h4 = _h4;
        ReduceFully(ref h0, ref h1, ref h2, ref h3, ref h4);
        // The other half of the key is added mod 2^128.
        var mask = T.Create(LimbMask);
        Split(_padLow, _padHigh, out var p0, out var p1, out var p2, out var p3, out var p4);
        h0 += p0;
        h1 += p1;
        h2 += p2;
        h3 += p3;
        h4 += p4;
        Carry(ref h0, ref h1, mask);
        Carry(ref h1, ref h2, mask);
        Carry(ref h2, ref h3, mask);
        Carry(ref h3, ref h4, mask);
        low = h0 | (h1 << 26) | (h2 << 52);
        high = (h2 >>> 12) | (h3 << 14) | (h4 << 40);
    }

    /// <summary>Carries fully and reduces mod 2^130 - 5, without a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReduceFully(ref T h0, ref T h1, ref T h2, ref T h3, ref T h4)
    {
        var mask = T.Create(LimbMask);
        Carry(ref h1, ref h2, mask);
        Carry(ref h2, ref h3, mask);
        Carry(ref h3, ref h4, mask);
        h0 += TimesFive(h4 >>> LimbBits);
        h4 &= mask;
        Carry(ref h0, ref h1, mask);
        Carry(ref h1, ref h2, mask);
        Carry(ref h2, ref h3, mask);
        Carry(ref h3, ref h4, mask);

        // g = h + 5: if that reaches 2^130, h was at least the modulus, and g without its top is h reduced.
        T g0 = h0 + T.Create(5UL), g1 = h1, g2 = h2, g3 = h3, g4 = h4;
        Carry(ref g0, ref g1, mask);
        Carry(ref g1, ref g2, mask);
        Carry(ref g2, ref g3, mask);
        Carry(ref g3, ref g4, mask);
        var reduced = (g4 >>> LimbBits) * mask; // all ones where g is to be taken
        h0 ^= (h0 ^ g0) & reduced;
        h1 ^= (h1 ^ g1) & reduced;
        h2 ^= (h2 ^ g2) & reduced;
        h3 ^= (h3 ^ g3) & reduced;
        h4 ^= (h4 ^ g4) & reduced;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Carry(ref T from, ref T to, T mask)
    {
        to += from >>> LimbBits;
        from &= mask;
    }

    /// <summary>A key's r, and 5 r for what overflows.</summary>
    private struct Factor
    {
        public T R0, R1, R2, R3, R4, S1, S2, S3, S4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Set(T r0, T r1, T r2, T r3, T r4)
        {
            (R0, R1, R2, R3, R4) = (r0, r1, r2, r3, r4);
            (S1, S2, S3, S4) = (TimesFive(r1), TimesFive(r2), TimesFive(r3), TimesFive(r4));
        }
    }
}
