using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// ChaCha20-Poly1305 (RFC 8439) of some packets of one length under one key, side by side, in place. Nonces and tags are WireGuard's:
/// the counter, and no additional data. How long it takes depends on the length alone.
/// </summary>
internal static unsafe class PacketLanes<T>
    where T : unmanaged, IWide<T>
{
    private const int TagLength = TransportCipher.TagLength;

    /// <summary>Encrypts packets and writes their tags behind them.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="jobs">As many as <typeparamref name="T"/> has lanes of 64 bits, or twice that; of one length.</param>
    /// <param name="count">How many; 8 at most.</param>
    [SkipLocalsInit]
    public static void Seal(byte* key, PacketJob* jobs, int count)
    {
        byte* memory = stackalloc byte[LaneWork<T>.Room];
        var work = LaneWork<T>.Begin(memory, jobs, count, seals: true);
        work->Run((uint*)key);
        for (var i = 0; i < count; i++)
            Vector128.Load(work->Tags + (i * TagLength)).Store(jobs[i].Packet + jobs[i].Length);
        work->Clear();
    }

    /// <summary>
    /// Decrypts packets and checks their tags: <see cref="PacketJob.IsAuthentic"/> says for each whether it may be read. Where the tags
    /// were is rubbish afterwards.
    /// </summary>
    /// <inheritdoc cref="Seal"/>
    [SkipLocalsInit]
    public static void Open(byte* key, PacketJob* jobs, int count)
    {
        byte* memory = stackalloc byte[LaneWork<T>.Room];
        byte* received = stackalloc byte[LaneWork<T>.MaxPackets * TagLength];
        for (var i = 0; i < count; i++)
            Vector128.Load(jobs[i].Packet + jobs[i].Length).Store(received + (i * TagLength));
        var work = LaneWork<T>.Begin(memory, jobs, count, seals: false);
        work->Run((uint*)key);
        for (var i = 0; i < count; i++)
            jobs[i].IsAuthentic = Vector128.Load(work->Tags + (i * TagLength)) == Vector128.Load(received + (i * TagLength));
        work->Clear();
    }
}
