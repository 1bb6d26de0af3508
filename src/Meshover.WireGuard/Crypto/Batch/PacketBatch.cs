namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// Takes a batch of packets apart: runs of one length are done as a <see cref="PacketSet"/>, eight at a time, if that is quicker; the rest
/// one by one through OpenSSL.
/// </summary>
internal static unsafe class PacketBatch
{
    public static void Seal(TransportCipher single, byte* key, PacketJob* jobs, int count, BatchCipher cipher)
    {
        int run;
        for (var end = jobs + count; jobs < end; jobs += run)
        {
            run = Run(jobs, end);
            if (BatchChoice.IsQuicker(cipher, run, jobs->Length))
                PacketSet.Seal(cipher, key, jobs, run);
            else
                SealEach(single, jobs, run);
        }
    }

    public static void Open(TransportCipher single, byte* key, PacketJob* jobs, int count, BatchCipher cipher)
    {
        int run;
        for (var end = jobs + count; jobs < end; jobs += run)
        {
            run = Run(jobs, end);
            if (BatchChoice.IsQuicker(cipher, run, jobs->Length))
                PacketSet.Open(cipher, key, jobs, run);
            else
                OpenEach(single, jobs, run);
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

    /// <summary>How many jobs of one length come first, a set at most.</summary>
    private static int Run(PacketJob* jobs, PacketJob* end)
    {
        var count = 1;
        var most = (int)Math.Min(PacketSet.Most, end - jobs);
        while (count < most && jobs[count].Length == jobs->Length)
            count++;
        return count;
    }
}
