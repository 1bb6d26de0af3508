using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// What <see cref="PacketOctet"/> writes down while it works: places in memory on the caller's stack, aligned to cache lines.
/// </summary>
internal readonly unsafe ref struct OctetScratch
{
    private const int Alignment = 64;
    private const int KeyStreamAt = PacketOctet.Packets * ChaCha16.BlockLength;
    private const int RowsAt = KeyStreamAt + (ChaCha16.Lanes * ChaCha16.BlockLength);
    private const int InputsAt = RowsAt + (PacketOctet.Packets * ChaCha16.BlockLength);
    private const int TagsAt = InputsAt + (3 * ChaCha16.Lanes * sizeof(uint));
    private const int PacketsAt = TagsAt + (PacketOctet.Packets * Poly8.TagLength);

    /// <summary>How much memory it needs.</summary>
    public const int Bytes = PacketsAt + (PacketOctet.Packets * sizeof(ulong)) + Alignment;

    private readonly byte* _at;

    public OctetScratch(byte* memory, PacketJob* jobs)
    {
        _at = (byte*)(((nuint)memory + Alignment - 1) & ~(nuint)(Alignment - 1));
        for (var i = 0; i < PacketOctet.Packets; i++)
            Packets[i] = jobs[i].Packet;
    }

    /// <summary>Eight Poly1305 keys of 32 bytes, 64 apart.</summary>
    public byte* PolyKeys => _at;

    /// <summary>Sixteen blocks of 64 bytes.</summary>
    public byte* KeyStream => _at + KeyStreamAt;

    /// <summary>Eight rows of 64 bytes: the ends of the packets, with zeros behind them.</summary>
    public byte* Rows => _at + RowsAt;

    /// <summary>What the lanes of <see cref="ChaCha16"/> begin with.</summary>
    public uint* Inputs => (uint*)(_at + InputsAt);

    /// <summary>Eight tags of 16 bytes.</summary>
    public byte* Tags => _at + TagsAt;

    public byte** Packets => (byte**)(_at + PacketsAt);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetInput(int lane, int block, ulong counter)
    {
        Inputs[lane] = (uint)block;
        Inputs[ChaCha16.Lanes + lane] = (uint)counter;
        Inputs[(2 * ChaCha16.Lanes) + lane] = (uint)(counter >> 32);
    }

    /// <summary>Zeroes the key stream and the one-time keys.</summary>
    public void Clear() => CryptographicOperations.ZeroMemory(new Span<byte>(_at, RowsAt));
}
