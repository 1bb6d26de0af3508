using System.Runtime.InteropServices;
using CsCheck;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Crypto.Batch;

namespace Meshover.UnitTests.WireGuard.Crypto;

/// <summary>Batches against OpenSSL, one packet at a time.</summary>
public sealed unsafe class PacketBatchTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(3, 32).Select(i => (byte)(i * 37))];

    // Runs of one length, as segmented traffic makes them, beside lone packets.
    private static readonly Gen<int[]> Lengths =
        Gen.Select(Gen.OneOf(Gen.Int[0, 200], Gen.Int[0, 1_500], Gen.Const(1_420), Gen.Int[2_030, 2_040]), Gen.Int[1, 20])
            .Select((length, times) => Enumerable.Repeat(length, times).ToArray())
            .Array[1, 4].Select(runs => runs.SelectMany(run => run).ToArray());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SealAndOpen_AnyBatch_AgreesWithOnePacketAtATime(bool useOctets)
    {
        Assert.SkipUnless(!useOctets || PacketOctet.IsSupported, "This processor has no AVX-512.");
        Lengths.Sample(lengths => AssertAgrees(lengths, useOctets), iter: 60);
    }

    [Fact]
    public void Octet_EveryLengthToTheMtu_AgreesWithOnePacketAtATime()
    {
        Assert.SkipUnless(PacketOctet.IsSupported, "This processor has no AVX-512.");
        for (var length = 0; length <= 1_500; length += length < 260 ? 1 : 31)
            AssertAgrees([.. Enumerable.Repeat(length, PacketOctet.Packets)], useOctets: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(100)]
    public void Octet_AnyBitOfAnyPacketFlipped_IsFoundInThatPacketAlone(int length)
    {
        Assert.SkipUnless(PacketOctet.IsSupported, "This processor has no AVX-512.");
        using var cipher = TransportCipher.ForSealing(Key);
        for (var bit = 0; bit < (length + 16) * 8; bit += 3)
        {
            var packets = Packets([.. Enumerable.Repeat(length, PacketOctet.Packets)], seed: bit);
            var damaged = bit % PacketOctet.Packets;
            Run(packets, jobs => PacketBatch.Seal(cipher, (byte*)jobs.Key, (PacketJob*)jobs.First, packets.Length, useOctets: true));
            packets[damaged][bit / 8] ^= (byte)(1 << (bit % 8));
            var authentic =
                Run(packets, jobs => PacketBatch.Open(cipher, (byte*)jobs.Key, (PacketJob*)jobs.First, packets.Length, useOctets: true));

            Assert.Equal(Enumerable.Range(0, PacketOctet.Packets).Select(i => i != damaged), authentic);
        }
    }

    [Fact]
    public void IsQuicker_EightAlways_ALonePacketNever()
    {
        Assert.All([0, 64, 1_420, 9_000], length => Assert.True(OctetChoice.IsQuicker(8, length)));
        Assert.All([64, 1_420, 9_000], length => Assert.False(OctetChoice.IsQuicker(1, length)));
        Assert.False(OctetChoice.IsQuicker(7, PacketBatch.MaxFilled + 1));
    }

    [Fact]
    public void TransportCipher_ABatch_IsOpenedPacketByPacketAndTheOtherWayRound()
    {
        using var sealing = TransportCipher.ForSealing(Key);
        using var opening = TransportCipher.ForOpening(Key);
        int[] lengths = [64, 64, 64, 1_420, 1_420, 1_420, 1_420, 1_420, 1_420, 1_420, 1_420, 1_420, 0];
        var packets = Packets(lengths, seed: 1);
        var clear = Packets(lengths, seed: 1);
        Run(packets, jobs => sealing.Seal((PacketJob*)jobs.First, packets.Length));
        Assert.All(Run(packets, jobs => opening.Open((PacketJob*)jobs.First, packets.Length)), Assert.True);

        for (var i = 0; i < packets.Length; i++)
            Assert.Equal(clear[i][..^16], packets[i][..^16]);
    }

    private static void AssertAgrees(int[] lengths, bool useOctets)
    {
        using var sealing = TransportCipher.ForSealing(Key);
        using var opening = TransportCipher.ForOpening(Key);
        var clear = Packets(lengths, seed: lengths.Length);
        var packets = Packets(lengths, seed: lengths.Length);
        Run(packets, jobs => PacketBatch.Seal(sealing, (byte*)jobs.Key, (PacketJob*)jobs.First, packets.Length, useOctets));
        for (var i = 0; i < packets.Length; i++)
        {
            byte[] expected = [.. clear[i]];
            fixed (byte* packet = expected)
                sealing.Seal(packet, packet, lengths[i], Counter(i));
            Assert.Equal(expected, packets[i]);
        }

        var authentic = Run(packets, jobs => PacketBatch.Open(opening, (byte*)jobs.Key, (PacketJob*)jobs.First, packets.Length, useOctets));
        Assert.All(authentic, Assert.True);
        for (var i = 0; i < packets.Length; i++)
            Assert.Equal(clear[i][..^16], packets[i][..^16]);
    }

    /// <summary>Packets with room for their tags; every third is all ones, which makes the sums' limbs largest.</summary>
    private static byte[][] Packets(int[] lengths, int seed) =>
        [.. lengths.Select((length, packet) => (byte[])[.. Enumerable.Range(0, length).Select(i => Text(packet, i, seed)), .. new byte[16]])];

    private static byte Text(int packet, int i, int seed) => packet % 3 == 0 ? byte.MaxValue : (byte)((i * 7) + packet + seed);

    private static ulong Counter(int packet) => ((ulong)packet << 45) + 9;

    private static bool[] Run(byte[][] packets, Action<(nint Key, nint First)> action)
    {
        var pinned = Array.ConvertAll(packets, packet => GCHandle.Alloc(packet, GCHandleType.Pinned));
        var jobs = new PacketJob[packets.Length];
        for (var i = 0; i < jobs.Length; i++)
        {
            var address = (byte*)pinned[i].AddrOfPinnedObject();
            jobs[i] = new PacketJob { Packet = address, Length = packets[i].Length - 16, Counter = Counter(i) };
        }
        fixed (byte* key = Key)
        fixed (PacketJob* first = jobs)
            action(((nint)key, (nint)first));
        Array.ForEach(pinned, handle => handle.Free());
        return [.. jobs.Select(job => job.IsAuthentic)];
    }
}
