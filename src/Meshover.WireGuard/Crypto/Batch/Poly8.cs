using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Limb = System.Runtime.Intrinsics.Vector512<ulong>;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// Poly1305 (RFC 8439, section 2.5) of eight messages of one length at once, each in a lane of its own with a key of its own, with
/// AVX-512. Numbers are five limbs of 26 bits; products of 32 x 32 bits are added up in 64.
/// </summary>
internal static unsafe class Poly8
{
    public const int Lanes = 8;
    public const int TagLength = 16;

    private const int Block = 16;
    private const int LimbBits = 26;
    private const ulong LimbMask = (1UL << LimbBits) - 1;
    private const ulong HighBit = 1UL << (128 - (4 * LimbBits)); // the 1 that stands behind each block of 16 bytes

    // Section 2.5: which bits of r are kept.
    private const ulong ClampLow = 0x0ffffffc0fffffff, ClampHigh = 0x0ffffffc0ffffffc;

    /// <summary>
    /// The tags of ciphertexts without additional data, as section 2.8 puts them together: the text, zeros up to 16 bytes, and the two
    /// lengths.
    /// </summary>
    /// <param name="packets">Eight of them.</param>
    /// <param name="length">Bytes of each.</param>
    /// <param name="keys">Eight keys of 32 bytes, 64 apart.</param>
    /// <param name="scratch">8 x 64 bytes.</param>
    /// <param name="tags">Room for 8 x 16 bytes.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Authenticate(byte** packets, int length, byte* keys, byte* scratch, byte* tags)
    {
        var key = Transpose.Load(keys);
        var r = Factor.Of(key.C0 & Vector512.Create(ClampLow), key.C1 & Vector512.Create(ClampHigh));
        Limb h0 = Limb.Zero, h1 = h0, h2 = h0, h3 = h0, h4 = h0;

        var offset = 0;
        for (; offset + (4 * Block) <= length; offset += 4 * Block)
        {
            var text = Transpose.Load(packets, offset);
            Step(ref h0, ref h1, ref h2, ref h3, ref h4, r, text.C0, text.C1);
            Step(ref h0, ref h1, ref h2, ref h3, ref h4, r, text.C2, text.C3);
            Step(ref h0, ref h1, ref h2, ref h3, ref h4, r, text.C4, text.C5);
            Step(ref h0, ref h1, ref h2, ref h3, ref h4, r, text.C6, text.C7);
        }
        var rest = length - offset;
        if (rest > 0)
        {
            var text = LoadRest(packets, offset, rest, scratch);
            Step(ref h0, ref h1, ref h2, ref h3, ref h4, r, text.C0, text.C1);
            if (rest > Block)
                Step(ref h0, ref h1, ref h2, ref h3, ref h4, r, text.C2, text.C3);
            if (rest > 2 * Block)
                Step(ref h0, ref h1, ref h2, ref h3, ref h4, r, text.C4, text.C5);
            if (rest > 3 * Block)
                Step(ref h0, ref h1, ref h2, ref h3, ref h4, r, text.C6, text.C7);
        }
        // No additional data, and the text's length.
        Step(ref h0, ref h1, ref h2, ref h3, ref h4, r, Limb.Zero, Vector512.Create((ulong)length));
        Finish(h0, h1, h2, h3, h4, key.C2, key.C3, tags);
    }

    private static Transpose LoadRest(byte** packets, int offset, int rest, byte* scratch)
    {
        for (var lane = 0; lane < Lanes; lane++)
        {
            var row = scratch + (lane * 64);
            Vector512<byte>.Zero.Store(row);
            Unsafe.CopyBlockUnaligned(row, packets[lane] + offset, (uint)rest);
        }
        return Transpose.Load(scratch);
    }

    /// <summary>h = (h + block) r mod 2^130 - 5, with its limbs only nearly carried.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        ref Limb h0, ref Limb h1, ref Limb h2, ref Limb h3, ref Limb h4, in Factor r, Limb low, Limb high)
    {
        var mask = Vector512.Create(LimbMask);
        Split(low, high, out var b0, out var b1, out var b2, out var b3, out var b4);
        h0 += b0;
        h1 += b1;
        h2 += b2;
        h3 += b3;
        h4 += b4 | Vector512.Create(HighBit);

        // What overflows 2^130 comes back times 5: s = 5 r.
        var d0 = Multiply(h0, r.R0) + Multiply(h1, r.S4) + Multiply(h2, r.S3) + Multiply(h3, r.S2) + Multiply(h4, r.S1);
        var d1 = Multiply(h0, r.R1) + Multiply(h1, r.R0) + Multiply(h2, r.S4) + Multiply(h3, r.S3) + Multiply(h4, r.S2);
        var d2 = Multiply(h0, r.R2) + Multiply(h1, r.R1) + Multiply(h2, r.R0) + Multiply(h3, r.S4) + Multiply(h4, r.S3);
        var d3 = Multiply(h0, r.R3) + Multiply(h1, r.R2) + Multiply(h2, r.R1) + Multiply(h3, r.R0) + Multiply(h4, r.S4);
        var d4 = Multiply(h0, r.R4) + Multiply(h1, r.R3) + Multiply(h2, r.R2) + Multiply(h3, r.R1) + Multiply(h4, r.R0);

        // Two chains of carries side by side, 0-1-2-3-4 and 3-4-0-1: each waits for the other's results only half as long.
        d1 += d0 >>> LimbBits;
        d4 += d3 >>> LimbBits;
        d2 += d1 >>> LimbBits;
        var over = d4 >>> LimbBits;
        d0 = (d0 & mask) + TimesFive(over);
        h2 = d2 & mask;
        d3 = (d3 & mask) + (d2 >>> LimbBits);
        h0 = d0 & mask;
        h1 = (d1 & mask) + (d0 >>> LimbBits);
        h3 = d3 & mask;
        h4 = (d4 & mask) + (d3 >>> LimbBits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(Limb low, Limb high, out Limb l0, out Limb l1, out Limb l2, out Limb l3, out Limb l4)
    {
        var mask = Vector512.Create(LimbMask);
        l0 = low & mask;
        l1 = (low >>> 26) & mask;
        l2 = ((low >>> 52) | (high << 12)) & mask;
        l3 = (high >>> 14) & mask;
        l4 = high >>> 40;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Limb Multiply(Limb a, Limb b) => Avx512F.Multiply(a.AsUInt32(), b.AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Limb TimesFive(Limb a) => a + (a << 2);

    /// <summary>Carries fully, reduces mod 2^130 - 5 without a branch, and adds the other half of the key mod 2^128.</summary>
    private static void Finish(Limb h0, Limb h1, Limb h2, Limb h3, Limb h4, Limb padLow, Limb padHigh, byte* tags)
    {
        var mask = Vector512.Create(LimbMask);
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
        Limb g0 = h0 + Vector512.Create(5UL), g1 = h1, g2 = h2, g3 = h3, g4 = h4;
        Carry(ref g0, ref g1, mask);
        Carry(ref g1, ref g2, mask);
        Carry(ref g2, ref g3, mask);
        Carry(ref g3, ref g4, mask);
        var reduced = Limb.Zero - (g4 >>> LimbBits); // all ones where g is to be taken
        h0 = Vector512.ConditionalSelect(reduced, g0, h0);
        h1 = Vector512.ConditionalSelect(reduced, g1, h1);
        h2 = Vector512.ConditionalSelect(reduced, g2, h2);
        h3 = Vector512.ConditionalSelect(reduced, g3, h3);
        h4 = Vector512.ConditionalSelect(reduced, g4 & mask, h4);

        var low = h0 | (h1 << 26) | (h2 << 52);
        var high = (h2 >>> 12) | (h3 << 14) | (h4 << 40);
        var sum = low + padLow;
        var overflow = Vector512.LessThan(sum, low) & Limb.One;
        StoreTags(sum, high + padHigh + overflow, tags);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Carry(ref Limb from, ref Limb to, Limb mask)
    {
        to += from >>> LimbBits;
        from &= mask;
    }

    private static void StoreTags(Limb low, Limb high, byte* tags)
    {
        for (var lane = 0; lane < Lanes; lane++)
        {
            Unsafe.WriteUnaligned(tags + (lane * TagLength), low.GetElement(lane));
            Unsafe.WriteUnaligned(tags + (lane * TagLength) + 8, high.GetElement(lane));
        }
    }

    /// <summary>A key's r, and 5 r for what overflows.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Factor
    {
        public Limb R0, R1, R2, R3, R4, S1, S2, S3, S4;

        public static Factor Of(Limb low, Limb high)
        {
            Split(low, high, out var r0, out var r1, out var r2, out var r3, out var r4);
            return new Factor
            {
                R0 = r0,
                R1 = r1,
                R2 = r2,
                R3 = r3,
                R4 = r4,
                S1 = TimesFive(r1),
                S2 = TimesFive(r2),
                S3 = TimesFive(r3),
                S4 = TimesFive(r4),
            };
        }
    }
}
