using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// ChaCha20-Poly1305 (RFC 8439) of eight packets of one length under one key, in place, with AVX-512: the sixteen lanes of
/// <see cref="ChaCha16"/> take the packets' blocks as they come, the eight of <see cref="Poly8"/> a packet each. Nonces and tags are
/// WireGuard's: the counter, and no additional data.
/// </summary>
internal static unsafe class PacketOctet
{
    public const int Packets = 8;

    private const int BlockLength = ChaCha16.BlockLength;

    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>Encrypts eight packets and writes their tags behind them.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="jobs">Eight of one length.</param>
    [SkipLocalsInit]
    public static void Seal(byte* key, PacketJob* jobs)
    {
        byte* memory = stackalloc byte[OctetScratch.Bytes];
        var scratch = new OctetScratch(memory, jobs);
        Crypt(scratch, (uint*)key, jobs, firstBlock: 0);
        Poly8.Authenticate(scratch.Packets, jobs[0].Length, scratch.PolyKeys, scratch.Rows, scratch.Tags);
        for (var i = 0; i < Packets; i++)
            Vector128.Load(scratch.Tags + (i * Poly8.TagLength)).Store(jobs[i].Packet + jobs[i].Length);
        scratch.Clear();
    }

    /// <summary>Checks eight tags and decrypts; <see cref="PacketJob.IsAuthentic"/> says for each packet whether it may be read.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="jobs">Eight of one length.</param>
    [SkipLocalsInit]
    public static void Open(byte* key, PacketJob* jobs)
    {
        byte* memory = stackalloc byte[OctetScratch.Bytes];
        var scratch = new OctetScratch(memory, jobs);
        MakePolyKeys(scratch, (uint*)key, jobs);
        Poly8.Authenticate(scratch.Packets, jobs[0].Length, scratch.PolyKeys, scratch.Rows, scratch.Tags);
        for (var i = 0; i < Packets; i++)
        {
            var tag = Vector128.Load(scratch.Tags + (i * Poly8.TagLength));
            jobs[i].IsAuthentic = tag == Vector128.Load(jobs[i].Packet + jobs[i].Length);
        }
        Crypt(scratch, (uint*)key, jobs, firstBlock: 1);
        scratch.Clear();
    }

    /// <summary>
    /// Makes every packet's blocks, sixteen at a time whichever packets they belong to: block 0 is the packet's Poly1305 key, from block
    /// 1 on they are XORed over its text.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Crypt(OctetScratch scratch, uint* key, PacketJob* jobs, int firstBlock)
    {
        var lastBlock = (jobs[0].Length + BlockLength - 1) / BlockLength;
        int packet = 0, block = firstBlock;
        int packetToUse = 0, blockToUse = firstBlock;
        var count = 0;
        for (var left = Packets * (lastBlock + 1 - firstBlock); left > 0; left -= count)
        {
            count = Math.Min(left, ChaCha16.Lanes);
            for (var lane = 0; lane < count; lane++)
            {
                scratch.SetInput(lane, block, jobs[packet].Counter);
                if (block++ == lastBlock)
                    (packet, block) = (packet + 1, firstBlock);
            }
            ChaCha16.MakeBlocks(key, scratch.Inputs, scratch.KeyStream);
            for (var lane = 0; lane < count; lane++)
            {
                Use(scratch, jobs, packetToUse, blockToUse, scratch.KeyStream + (lane * BlockLength));
                if (blockToUse++ == lastBlock)
                    (packetToUse, blockToUse) = (packetToUse + 1, firstBlock);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Use(OctetScratch scratch, PacketJob* jobs, int packet, int block, byte* keyStream)
    {
        var stream = Vector512.Load(keyStream);
        if (block == 0)
        {
            stream.Store(scratch.PolyKeys + (packet * BlockLength));
            return;
        }
        var offset = (block - 1) * BlockLength;
        var text = jobs[packet].Packet + offset;
        var rest = jobs[packet].Length - offset;
        if (rest >= BlockLength)
            (Vector512.Load(text) ^ stream).Store(text);
        else
            XorRest(text, keyStream, rest);
    }

    private static void XorRest(byte* text, byte* keyStream, int length)
    {
        var i = 0;
        for (; i + sizeof(ulong) <= length; i += sizeof(ulong))
            Unsafe.WriteUnaligned(text + i, Unsafe.ReadUnaligned<ulong>(text + i) ^ Unsafe.ReadUnaligned<ulong>(keyStream + i));
        for (; i < length; i++)
            text[i] ^= keyStream[i];
    }

    /// <summary>Block 0 of each packet alone: a tag is checked before anything is decrypted.</summary>
    private static void MakePolyKeys(OctetScratch scratch, uint* key, PacketJob* jobs)
    {
        for (var lane = 0; lane < Packets; lane++)
            scratch.SetInput(lane, block: 0, jobs[lane].Counter);
        ChaCha16.MakeBlocks(key, scratch.Inputs, scratch.KeyStream);
        Buffer.MemoryCopy(scratch.KeyStream, scratch.PolyKeys, Packets * BlockLength, Packets * BlockLength);
    }
}
