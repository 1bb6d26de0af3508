using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// What does the batches: the widest vectors which the processor has, that agree with OpenSSL, and are really quicker (an unoptimised
/// build's are not); else OpenSSL itself. Found out once, in some milliseconds.
/// </summary>
internal static unsafe class BatchChoice
{
    private const int Room = 2_048;

    private static readonly byte[] TestKey = [.. Enumerable.Range(1, TransportCipher.KeyLength).Select(i => (byte)(i * 37))];

    /// <summary>What batches go through. Only tests set it.</summary>
    public static BatchCipher InUse { get; internal set; } =
        Choose(cipher => PacketSet.IsSupported(cipher) && Agrees(cipher, PacketSet.Seal, PacketSet.Open) && BeatsOpenSsl(cipher));

    /// <summary>The same for logs and the status.</summary>
    public static string NameInUse => InUse switch
    {
        BatchCipher.Avx512 => "avx512",
        BatchCipher.Avx2 => "avx2",
        _ => "openssl",
    };

    /// <summary>Finds out now.</summary>
    public static void Make() => RuntimeHelpers.RunClassConstructor(typeof(BatchChoice).TypeHandle);

    /// <summary>Whether so many packets of that length, eight at most, are done sooner together than one by one.</summary>
    public static bool IsQuicker(BatchCipher cipher, int packets, int length)
    {
        if (cipher == BatchCipher.OpenSsl || (length > PacketSet.MaxFilled && packets is not (PacketSet.Half or PacketSet.Most)))
            return false;
        // Measured on Zen 4 (docs/decisions/009); where we have AVX-512, OpenSSL has it, too.
        var single = cipher == BatchCipher.Avx512 ? new Cost(440, 0.33) : new Cost(400, 0.42);
        var together = (cipher, packets > PacketSet.Half) switch
        {
            (_, false) => new Cost(270, 1.8),
            (BatchCipher.Avx512, true) => new Cost(450, 2.4),
            (_, true) => new Cost(450, 3.6),
        };
        return packets * single.Of(length) > together.Of(length);
    }

    /// <summary>The widest that is good; OpenSSL if none is.</summary>
    internal static BatchCipher Choose(Predicate<BatchCipher> isGood) => Array.Find([BatchCipher.Avx512, BatchCipher.Avx2], isGood);

    /// <summary>What is tested: <see cref="PacketSet"/>, or a test's own broken one.</summary>
    internal delegate void SetOperation(BatchCipher cipher, byte* key, PacketJob* jobs, int count);

    /// <summary>Seals and opens packets of awkward lengths both ways, in both sizes of sets.</summary>
    internal static bool Agrees(BatchCipher cipher, SetOperation seal, SetOperation open) => Array.TrueForAll(
        [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 200, 1_420, 1_500],
        length => Agrees(cipher, seal, open, PacketSet.Half, length) && Agrees(cipher, seal, open, PacketSet.Most, length));

    [SkipLocalsInit]
    private static bool Agrees(BatchCipher batchCipher, SetOperation seal, SetOperation open, int packets, int length)
    {
        byte* memory = stackalloc byte[PacketSet.Most * Room];
        byte* expected = stackalloc byte[Room];
        PacketJob* jobs = stackalloc PacketJob[PacketSet.Most];
        Prepare(memory, jobs, length);
        using var cipher = TransportCipher.ForSealing(TestKey);
        fixed (byte* key = TestKey)
        {
            seal(batchCipher, key, jobs, packets);
            for (var i = 0; i < packets; i++)
            {
                Text(i, length).CopyTo(new Span<byte>(expected, length));
                cipher.Seal(expected, expected, length, jobs[i].Counter);
                if (!new Span<byte>(expected, length + TransportCipher.TagLength).SequenceEqual(Sealed(jobs[i])))
                    return false;
            }
            Sealed(jobs[3])[^1] ^= 1;
            open(batchCipher, key, jobs, packets);
        }
        for (var i = 0; i < packets; i++)
        {
            if (jobs[i].IsAuthentic == (i == 3) || (i != 3 && !Text(i, length).SequenceEqual(new Span<byte>(jobs[i].Packet, length))))
                return false;
        }
        return true;
    }

    /// <summary>The best of some tries on both sides: what else the machine does meanwhile must not decide.</summary>
    [SkipLocalsInit]
    private static bool BeatsOpenSsl(BatchCipher batchCipher)
    {
        const int Length = 512, Tries = 20;
        byte* memory = stackalloc byte[PacketSet.Most * Room];
        PacketJob* jobs = stackalloc PacketJob[PacketSet.Most];
        Prepare(memory, jobs, Length);
        using var cipher = TransportCipher.ForSealing(TestKey);
        long together = long.MaxValue, single = long.MaxValue;
        fixed (byte* key = TestKey)
        {
            for (var i = 0; i < Tries; i++)
            {
                var start = Stopwatch.GetTimestamp();
                PacketSet.Seal(batchCipher, key, jobs, PacketSet.Most);
                var middle = Stopwatch.GetTimestamp();
                for (var j = 0; j < PacketSet.Most; j++)
                    cipher.Seal(jobs[j].Packet, jobs[j].Packet, Length, jobs[j].Counter);
                together = Math.Min(together, middle - start);
                single = Math.Min(single, Stopwatch.GetTimestamp() - middle);
            }
        }
        return together < single;
    }

    private static void Prepare(byte* memory, PacketJob* jobs, int length)
    {
        for (var i = 0; i < PacketSet.Most; i++)
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

    /// <summary>Nanoseconds: for a call, and per byte of each packet.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Cost(double Fixed, double PerByte)
    {
        public double Of(int length) => Fixed + (PerByte * length);
    }
}
