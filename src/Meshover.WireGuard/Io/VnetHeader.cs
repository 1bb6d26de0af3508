using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Io;

/// <summary>
/// <c>struct virtio_net_hdr</c> (linux/virtio_net.h), in front of every packet that a TUN device with <c>IFF_VNET_HDR</c> gives and takes.
/// It says what a large packet is to be cut into, and where a checksum is still missing. Host byte order.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal record struct VnetHeader
{
    public const int Size = 10;

    /// <summary>The transport checksum holds only the pseudo header's sum; whoever cuts or sends the packet completes it.</summary>
    public const byte NeedsChecksum = 1;

    public const byte GsoNone = 0;
    public const byte GsoTcp4 = 1;
    public const byte GsoTcp6 = 4;
    public const byte GsoUdpL4 = 5;

    /// <summary>The TCP flow uses ECN: CWR belongs to the first segment alone.</summary>
    public const byte GsoEcn = 0x80;

    public byte Flags;
    public byte GsoType;

    /// <summary>Length of all headers. The kernel's value is only a hint and is not relied on.</summary>
    public ushort HeaderLength;

    /// <summary>Payload bytes of each segment.</summary>
    public ushort GsoSize;

    /// <summary>Where the transport header, which the checksum covers, starts.</summary>
    public ushort ChecksumStart;

    /// <summary>Where the checksum field lies, counted from <see cref="ChecksumStart"/>.</summary>
    public ushort ChecksumOffset;
}
