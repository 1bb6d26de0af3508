using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// Whether eights are used: only where the processor has what they need, they agree with OpenSSL, and they are really quicker (an
/// unoptimised build's are not). Found out once, in some milliseconds.
/// </summary>
internal static unsafe class OctetChoice
{
    // Nanoseconds measured on Zen 4: OpenSSL's per packet and per byte of it; an octet's, and per byte of each of its packets.
    private const double SingleFixed = 480, SinglePerByte = 0.35;
    private const double OctetFixed = 400, OctetPerByte = 3.2;

    private const int Room = 2_048;

    private static readonly byte[] TestKey = [.. Enumerable.Range(1, TransportCipher.KeyLength).Select(i => (byte)(i * 37))];

    /// <summary>True if eights are to be used at all.</summary>
    public static bool IsInUse { get; } = PacketOctet.IsSupported && AgreesWithOpenSsl() && BeatsOpenSsl();

    /// <summary>Finds out now.</summary>
    public static void Make() => RuntimeHelpers.RunClassConstructor(typeof(OctetChoice).TypeHandle);

    /// <summary>Whether so many packets of that length are done sooner as eight than one by one.</summary>
    public static bool IsQuicker(int packets, int length) =>
        packets == PacketOctet.Packets
        || (length <= PacketBatch.MaxFilled && packets * (SingleFixed + (SinglePerByte * length)) > OctetFixed + (OctetPerByte * length));

    /// <summary>Seals and opens packets of awkward lengths both ways.</summary>
    private static bool AgreesWithOpenSsl() => Array.TrueForAll([0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 200, 1_420, 1_500], Agrees);

    [SkipLocalsInit]
    private static bool Agrees(int length)
    {
        byte* memory = stackalloc byte[PacketOctet.Packets * Room];
        byte* expected = stackalloc byte[Room];
        PacketJob* jobs = stackalloc PacketJob[PacketOctet.Packets];
        Prepare(memory, jobs, length);
        using var cipher = TransportCipher.ForSealing(TestKey);
        fixed (byte* key = TestKey)
        {
            PacketOctet.Seal(key, jobs);
            for (var i = 0; i < PacketOctet.Packets; i++)
            {
                Text(i, length).CopyTo(new Span<byte>(expected, length));
                cipher.Seal(expected, expected, length, jobs[i].Counter);
                if (!new Span<byte>(expected, length + TransportCipher.TagLength).SequenceEqual(Sealed(jobs[i])))
                    return false;
            }
            Sealed(jobs[3])[^1] ^= 1;
            PacketOctet.Open(key, jobs);
        }
        for (var i = 0; i < PacketOctet.Packets; i++)
        {
            if (jobs[i].IsAuthentic == (i == 3) || (i != 3 && !Text(i, length).SequenceEqual(new Span<byte>(jobs[i].Packet, length))))
                return false;
        }
        return true;
    }

    /// <summary>The best of some tries on both sides: what else the machine does meanwhile must not decide.</summary>
    [SkipLocalsInit]
    private static bool BeatsOpenSsl()
    {
        const int Length = 512, Tries = 20;
        byte* memory = stackalloc byte[PacketOctet.Packets * Room];
        PacketJob* jobs = stackalloc PacketJob[PacketOctet.Packets];
        Prepare(memory, jobs, Length);
        using var cipher = TransportCipher.ForSealing(TestKey);
        long octet = long.MaxValue, single = long.MaxValue;
        fixed (byte* key = TestKey)
        {
            for (var i = 0; i < Tries; i++)
            {
                var start = Stopwatch.GetTimestamp();
                PacketOctet.Seal(key, jobs);
                var middle = Stopwatch.GetTimestamp();
                for (var j = 0; j < PacketOctet.Packets; j++)
                    cipher.Seal(jobs[j].Packet, jobs[j].Packet, Length, jobs[j].Counter);
                octet = Math.Min(octet, middle - start);
                single = Math.Min(single, Stopwatch.GetTimestamp() - middle);
            }
        }
        return octet < single;
    }

    private static void Prepare(byte* memory, PacketJob* jobs, int length)
    {
        for (var i = 0; i < PacketOctet.Packets; i++)
        {
            jobs[i] = new PacketJob { Packet = memory + (i * Room), Length = length, Counter = ((ulong)i << 40) + 7 };
            Text(i, length).CopyTo(new Span<byte>(jobs[i].Packet, length));
        }
    }

    private static Span<byte> Sealed(PacketJob job) => new(job.Packet, job.Length + TransportCipher.TagLength);

    // All ones in every second packet: the sums' largest limbs.
    private static Span<byte> Text(int packet, int length)
    {
        var text = new byte[length];
        for (var i = 0; i < length; i++)
            text[i] = packet % 2 == 0 ? (byte)((i * 7) + packet) : byte.MaxValue;
        return text;
    }
}
