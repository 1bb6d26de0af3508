using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>One packet to be sealed or opened in place, as part of a batch under one key.</summary>
[StructLayout(LayoutKind.Auto)]
internal unsafe struct PacketJob
{
    /// <summary>The packet; 16 bytes of room or of tag follow its <see cref="Length"/>.</summary>
    public byte* Packet;

    /// <summary>Bytes, without the tag.</summary>
    public int Length;

    /// <summary>The nonce.</summary>
    public ulong Counter;

    /// <summary>Set by opening: whether the tag was right. If not, the packet holds rubbish.</summary>
    public bool IsAuthentic;
}
