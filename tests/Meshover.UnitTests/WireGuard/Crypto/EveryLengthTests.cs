using System.Runtime.InteropServices;
using Meshover.UnitTests.WireGuard.Fuzz;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Crypto.Batch;

namespace Meshover.UnitTests.WireGuard.Crypto;

/// <summary>
/// Batches of one to eight packets of every length up to that of Ethernet: sealed as OpenSSL seals each alone, opened again, and one
/// forged packet among them is found without harm to the others. Packets lie at odd addresses, with bytes around them that nobody may
/// touch.
/// </summary>
public sealed unsafe class EveryLengthTests : IDisposable
{
    private const int MaxLength = 1_500, MaxPackets = 8, Tag = 16;
    private const int Place = 2_048, Lead = 32;
    private const byte Untouched = 0xa5;

    private static readonly byte[] Key = [.. Enumerable.Range(11, 32).Select(i => (byte)(i * 29))];

    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(MaxPackets * Place, 64);
    private readonly TransportCipher _sealing = TransportCipher.ForSealing(Key);
    private readonly TransportCipher _opening = TransportCipher.ForOpening(Key);
    private readonly byte[] _expected = new byte[MaxLength + Tag];

    public void Dispose()
    {
        _sealing.Dispose();
        _opening.Dispose();
        NativeMemory.AlignedFree(_memory);
    }

    public static TheoryData<int, string> Batches
    {
        get
        {
            var batches = new TheoryData<int, string>();
            for (var packets = 1; packets <= MaxPackets; packets++)
            {
                foreach (var cipher in CiphersHere.All)
                    batches.Add(packets, cipher.ToString());
            }
            return batches;
        }
    }

    [Theory, MemberData(nameof(Batches))]
    public void Batch_EveryLength_IsSealedAsByOpenSslAndOpenedAgain(int packets, string cipherName)
    {
        var cipher = Enum.Parse<BatchCipher>(cipherName);
        var jobs = stackalloc PacketJob[packets];
        for (var length = 0; length <= MaxLength; length++)
        {
            Prepare(jobs, packets, length);
            fixed (byte* key = Key)
                CiphersHere.Seal(cipher, _sealing, key, jobs, packets);
            AssertSealed(jobs, packets, length);

            var forged = length % packets;
            Forge(jobs[forged], length);
            fixed (byte* key = Key)
                CiphersHere.Open(cipher, _opening, key, jobs, packets);
            AssertOpened(jobs, packets, length, forged);
        }
    }

    private void Prepare(PacketJob* jobs, int packets, int length)
    {
        new Span<byte>(_memory, MaxPackets * Place).Fill(Untouched);
        for (var i = 0; i < packets; i++)
        {
            var packet = _memory + (i * Place) + Lead + (7 * i);
            Text(i, length).CopyTo(new Span<byte>(packet, length));
            jobs[i] = new PacketJob { Packet = packet, Length = length, Counter = ((ulong)length << 40) + (ulong)i };
        }
    }

    // The first is all ones, which makes the sums of Poly1305 largest.
    private Span<byte> Text(int packet, int length)
    {
        var text = _expected.AsSpan(0, length);
        if (packet == 0)
            text.Fill(byte.MaxValue);
        else
            new Dice((ulong)((packet * 10_000) + length)).Fill(text);
        return text;
    }

    private void AssertSealed(PacketJob* jobs, int packets, int length)
    {
        for (var i = 0; i < packets; i++)
        {
            Text(i, length);
            fixed (byte* expected = _expected)
                _sealing.Seal(expected, expected, length, jobs[i].Counter);
            Assert.True(
                new Span<byte>(jobs[i].Packet, length + Tag).SequenceEqual(_expected.AsSpan(0, length + Tag)), $"packet {i} of {length} bytes");
            AssertSurroundings(jobs[i], i, length);
        }
    }

    private void AssertSurroundings(PacketJob job, int packet, int length)
    {
        var place = new Span<byte>(_memory + (packet * Place), Place);
        var start = (int)(job.Packet - (_memory + (packet * Place)));
        Assert.False(place[..start].ContainsAnyExcept(Untouched), $"before packet {packet} of {length} bytes");
        Assert.False(place[(start + length + Tag)..].ContainsAnyExcept(Untouched), $"behind packet {packet} of {length} bytes");
    }

    // A bit of the text or the tag; which one differs from length to length.
    private static void Forge(PacketJob job, int length)
    {
        var bit = (length * 37) % ((length + Tag) * 8);
        job.Packet[bit / 8] ^= (byte)(1 << (bit % 8));
    }

    private void AssertOpened(PacketJob* jobs, int packets, int length, int forged)
    {
        for (var i = 0; i < packets; i++)
        {
            Assert.True(jobs[i].IsAuthentic == (i != forged), $"packet {i} of {length} bytes, forged {forged}");
            if (i != forged)
                Assert.True(new Span<byte>(jobs[i].Packet, length).SequenceEqual(Text(i, length)), $"packet {i} of {length} bytes");
        }
    }
}
