using System.Runtime.CompilerServices;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// Takes a batch of packets apart: runs of one length go through <see cref="PacketOctet"/>, eight at a time, if that is quicker; the rest
/// one by one through OpenSSL.
/// </summary>
internal static unsafe class PacketBatch
{
    /// <summary>A run shorter than eight is filled up with a dummy, unless its packets are longer than this.</summary>
    public const int MaxFilled = 2_032;

    public static void Seal(TransportCipher single, byte* key, PacketJob* jobs, int count, bool useOctets)
    {
        int run;
        for (var end = jobs + count; jobs < end; jobs += run)
        {
            run = Run(jobs, end);
            if (!useOctets || !OctetChoice.IsQuicker(run, jobs->Length))
                SealEach(single, jobs, run);
            else if (run == PacketOctet.Packets)
                PacketOctet.Seal(key, jobs);
            else
                Fill(key, jobs, run, seals: true);
        }
    }

    public static void Open(TransportCipher single, byte* key, PacketJob* jobs, int count, bool useOctets)
    {
        int run;
        for (var end = jobs + count; jobs < end; jobs += run)
        {
            run = Run(jobs, end);
            if (!useOctets || !OctetChoice.IsQuicker(run, jobs->Length))
                OpenEach(single, jobs, run);
            else if (run == PacketOctet.Packets)
                PacketOctet.Open(key, jobs);
            else
                Fill(key, jobs, run, seals: false);
        }
    }

    private static void SealEach(TransportCipher single, PacketJob* jobs, int count)
    {
        for (var i = 0; i < count; i++)
            single.Seal(jobs[i].Packet, jobs[i].Packet, jobs[i].Length, jobs[i].Counter);
    }

    private static void OpenEach(TransportCipher single, PacketJob* jobs, int count)
    {
        for (var i = 0; i < count; i++)
            jobs[i].IsAuthentic = single.Open(jobs[i].Packet, jobs[i].Packet, jobs[i].Length, jobs[i].Counter);
    }

    /// <summary>How many jobs of one length come first, eight at most.</summary>
    private static int Run(PacketJob* jobs, PacketJob* end)
    {
        var count = 1;
        var most = (int)Math.Min(PacketOctet.Packets, end - jobs);
        while (count < most && jobs[count].Length == jobs->Length)
            count++;
        return count;
    }

    /// <summary>Fewer than eight: the lanes left over work on memory that nobody reads.</summary>
    [SkipLocalsInit]
    private static void Fill(byte* key, PacketJob* jobs, int count, bool seals)
    {
        byte* dummy = stackalloc byte[MaxFilled + TransportCipher.TagLength];
        PacketJob* filled = stackalloc PacketJob[PacketOctet.Packets];
        for (var i = 0; i < PacketOctet.Packets; i++)
            filled[i] = i < count ? jobs[i] : new PacketJob { Packet = dummy, Length = jobs->Length };
        if (seals)
            PacketOctet.Seal(key, filled);
        else
            PacketOctet.Open(key, filled);
        for (var i = 0; i < count; i++)
            jobs[i].IsAuthentic = filled[i].IsAuthentic;
    }
}
