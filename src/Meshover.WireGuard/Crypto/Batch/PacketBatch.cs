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
            run = Next(cipher, jobs, end, out var together);
            if (together)
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
            run = Next(cipher, jobs, end, out var together);
            if (together)
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

    /// <summary>How many jobs come next, and whether they are done together: a set of one length, a smaller one, or one by one.</summary>
    private static int Next(BatchCipher cipher, PacketJob* jobs, PacketJob* end, out bool together)
    {
        var count = 1;
        var most = (int)Math.Min(PacketSet.Most, end - jobs);
        while (count < most && jobs[count].Length == jobs->Length)
            count++;
        together = BatchChoice.IsQuicker(cipher, count, jobs->Length);
        if (together || count <= PacketSet.Half)
            return count;
        together = BatchChoice.IsQuicker(cipher, PacketSet.Half, jobs->Length);
        return together ? PacketSet.Half : count;
    }
}
