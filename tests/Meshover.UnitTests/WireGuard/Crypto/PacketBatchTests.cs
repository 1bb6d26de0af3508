using CsCheck;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Crypto.Batch;

namespace Meshover.UnitTests.WireGuard.Crypto;

/// <summary>Batches and sets of packets against OpenSSL, one packet at a time, with each implementation that the machine has.</summary>
public sealed unsafe class PacketBatchTests : IDisposable
{
    private const int TagLength = TransportCipher.TagLength;

    private static readonly byte[] Key = [.. Enumerable.Range(3, 32).Select(i => (byte)(i * 37))];

    // Runs of one length, as segmented traffic makes them, beside lone packets.
    private static readonly Gen<int[]> Lengths =
        Gen.Select(Gen.OneOf(Gen.Int[0, 200], Gen.Int[0, 1_500], Gen.Const(1_420), Gen.Int[2_030, 2_040]), Gen.Int[1, 20])
            .Select((length, times) => Enumerable.Repeat(length, times).ToArray())
            .Array[1, 4].Select(runs => runs.SelectMany(run => run).ToArray());

    private readonly TransportCipher _sealing = TransportCipher.ForSealing(Key);
    private readonly TransportCipher _opening = TransportCipher.ForOpening(Key);

    public void Dispose()
    {
        _sealing.Dispose();
        _opening.Dispose();
    }

    public static TheoryData<string> Ciphers => [.. CiphersHere.All.Select(cipher => cipher.ToString())];

    [Theory, MemberData(nameof(Ciphers))]
    public void SealAndOpen_AnyBatch_AgreesWithOnePacketAtATime(string name)
    {
        var cipher = Enum.Parse<BatchCipher>(name);
        Lengths.Sample(
            lengths =>
            {
                var packets = new TestPackets(lengths, seed: lengths.Length);
                packets.With((key, jobs) => PacketBatch.Seal(_sealing, key, jobs, lengths.Length, cipher));
                AssertSealed(packets);
                packets.With((key, jobs) => PacketBatch.Open(_opening, key, jobs, lengths.Length, cipher));
                AssertOpened(packets, forged: -1);
            },
            iter: 60,
            threads: 1); // as a cipher has
    }

    [Theory, MemberData(nameof(Ciphers))]
    public void Set_AForgedPacketInAnyPosition_IsFoundAndTheOthersAreOpened(string name)
    {
        var cipher = Enum.Parse<BatchCipher>(name);
        int[] lengths = [0, 1, 16, 63, 64, 100, 1_420];
        foreach (var length in lengths)
        {
            for (var count = 1; count <= PacketSet.Most; count++)
            {
                for (var forged = 0; forged < count; forged++)
                {
                    var packets = new TestPackets([.. Enumerable.Repeat(length, count)], seed: forged);
                    packets.With((key, jobs) => CiphersHere.Seal(cipher, _sealing, key, jobs, count));
                    packets.FlipBit(forged, (count * 97) + (forged * 31));
                    packets.With((key, jobs) => CiphersHere.Open(cipher, _opening, key, jobs, count));
                    AssertOpened(packets, forged);
                }
            }
        }
    }

    public static TheoryData<string, int> CiphersAndLengths => [.. CiphersHere.All.SelectMany(cipher => new[] { (cipher.ToString(), 0), (cipher.ToString(), 100) })];

    [Theory, MemberData(nameof(CiphersAndLengths))]
    public void Set_AnyBitFlipped_IsFound(string name, int length)
    {
        var cipher = Enum.Parse<BatchCipher>(name);
        for (var bit = 0; bit < (length + TagLength) * 8; bit++)
        {
            var packets = new TestPackets([.. Enumerable.Repeat(length, PacketSet.Most)], seed: bit);
            packets.With((key, jobs) => CiphersHere.Seal(cipher, _sealing, key, jobs, PacketSet.Most));
            packets.FlipBit(bit % PacketSet.Most, bit);
            packets.With((key, jobs) => CiphersHere.Open(cipher, _opening, key, jobs, PacketSet.Most));
            AssertOpened(packets, forged: bit % PacketSet.Most);
        }
    }

    [Theory]
    [InlineData(nameof(BatchCipher.Avx2))]
    [InlineData(nameof(BatchCipher.Avx512))]
    public void IsQuicker_EightFullPackets_ALonePacketNever(string name)
    {
        var cipher = Enum.Parse<BatchCipher>(name);
        Assert.All([0, 64, 1_420], length => Assert.True(BatchChoice.IsQuicker(cipher, 8, length)));
        Assert.All([1_420, 9_000], length => Assert.False(BatchChoice.IsQuicker(cipher, 1, length)));
        Assert.False(BatchChoice.IsQuicker(cipher, 7, PacketSet.MaxFilled + 1));
        Assert.False(BatchChoice.IsQuicker(BatchCipher.OpenSsl, 8, 64));
    }

    [Fact]
    public void TransportCipher_ABatch_IsOpenedPacketByPacketAndTheOtherWayRound()
    {
        int[] lengths = [64, 64, 64, 1_420, 1_420, 1_420, 1_420, 1_420, 1_420, 1_420, 1_420, 1_420, 0];
        var packets = new TestPackets(lengths, seed: 1);
        packets.With((_, jobs) => _sealing.Seal(jobs, lengths.Length));
        AssertSealed(packets);
        packets.With((_, jobs) => _opening.Open(jobs, lengths.Length));
        AssertOpened(packets, forged: -1);
    }

    private void AssertSealed(TestPackets packets)
    {
        for (var i = 0; i < packets.Count; i++)
        {
            byte[] expected = [.. packets.Text(i), .. new byte[TagLength]];
            fixed (byte* packet = expected)
                _sealing.Seal(packet, packet, packets.Text(i).Length, packets.Counter(i));
            Assert.True(packets.Sealed(i).SequenceEqual(expected), $"Packet {i} of {packets}.");
        }
        Assert.True(packets.AreMarginsUntouched, $"Something was written behind a packet of {packets}.");
    }

    private static void AssertOpened(TestPackets packets, int forged)
    {
        for (var i = 0; i < packets.Count; i++)
        {
            Assert.True(packets.IsAuthentic(i) == (i != forged), $"The tag of packet {i} of {packets}.");
            Assert.True(i == forged || packets.Opened(i).SequenceEqual(packets.Text(i)), $"The text of packet {i} of {packets}.");
        }
        Assert.True(packets.AreMarginsUntouched, $"Something was written behind a packet of {packets}.");
    }

    private delegate void Work(byte* key, PacketJob* jobs);

    /// <summary>Packets with random texts and counters, in one piece of memory with margins behind each.</summary>
    private sealed class TestPackets
    {
        private const int Margin = 32;
        private const byte MarginByte = 0xa5;

        private readonly byte[][] _texts;
        private readonly byte[] _memory;
        private readonly int[] _offsets;
        private readonly PacketJob[] _jobs;
        private readonly int _seed;

        public TestPackets(int[] lengths, int seed)
        {
            _seed = seed;
            _texts = [.. lengths.Select((length, i) => NewText(seed, i, length))];
            _jobs = [.. lengths.Select((length, i) => new PacketJob { Length = length, Counter = NewCounter(seed, i) })];
            _offsets = new int[lengths.Length];
            _memory = new byte[lengths.Sum() + (lengths.Length * (TagLength + Margin))];
            _memory.AsSpan().Fill(MarginByte);
            for (int i = 0, at = 0; i < lengths.Length; at += lengths[i] + TagLength + Margin, i++)
            {
                _offsets[i] = at;
                _texts[i].CopyTo(_memory.AsSpan(at));
            }
        }

        public int Count => _jobs.Length;

        public bool AreMarginsUntouched => Enumerable.Range(0, Count)
            .All(i => !_memory.AsSpan(_offsets[i] + _jobs[i].Length + TagLength, Margin).ContainsAnyExcept(MarginByte));

        public ReadOnlySpan<byte> Text(int i) => _texts[i];

        public ReadOnlySpan<byte> Opened(int i) => _memory.AsSpan(_offsets[i], _jobs[i].Length);

        public ReadOnlySpan<byte> Sealed(int i) => _memory.AsSpan(_offsets[i], _jobs[i].Length + TagLength);

        public ulong Counter(int i) => _jobs[i].Counter;

        public bool IsAuthentic(int i) => _jobs[i].IsAuthentic;

        public void FlipBit(int i, int bit)
        {
            bit %= (_jobs[i].Length + TagLength) * 8;
            _memory[_offsets[i] + (bit / 8)] ^= (byte)(1 << (bit % 8));
        }

        public void With(Work work)
        {
            fixed (byte* key = Key, memory = _memory)
            fixed (PacketJob* jobs = _jobs)
            {
                for (var i = 0; i < Count; i++)
                    jobs[i].Packet = memory + _offsets[i];
                work(key, jobs);
            }
        }

        public override string ToString() => $"[{string.Join(' ', _texts.Select(text => text.Length))}], seed {_seed}";

        // Every third text is all ones, which makes the sums' limbs largest.
        private static byte[] NewText(int seed, int packet, int length)
        {
            var text = new byte[length];
            for (var i = 0; i < length; i++)
                text[i] = packet % 3 == 0 ? byte.MaxValue : (byte)Scramble(seed, packet, i);
            return text;
        }

        // Of any number of bits, so also more than 32.
        private static ulong NewCounter(int seed, int packet) =>
            Scramble(seed, packet, -1) >> (int)(Scramble(seed, packet, -2) % 64);

        // The end of SplitMix64: different for each argument, and looks random.
        private static ulong Scramble(int seed, int packet, int i)
        {
            var x = ((ulong)(uint)seed << 32) + ((ulong)packet << 16) + (uint)i + 0x9e3779b97f4a7c15;
            x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
            x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
            return x ^ (x >> 31);
        }
    }
}
