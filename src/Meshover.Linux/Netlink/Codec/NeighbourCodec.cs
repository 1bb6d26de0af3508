using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink.Codec;

/// <summary>
/// RTM_*NEIGH (linux/neighbour.h):
/// <code>struct ndmsg { u8 family; u8 pad1; u16 pad2; s32 ifindex; u16 state; u8 flags; u8 type; }</code>
/// </summary>
internal static class NeighbourCodec
{
    internal const int HeaderLength = 12;

    private const ushort Destination = 1;
    private const ushort LinkLayerAddress = 2;

    internal static void WriteDump(ref NetlinkWriter writer) => writer.Take(HeaderLength);

    /// <param name="writer">Takes it.</param>
    /// <param name="neighbour">Known by its link and address.</param>
    /// <param name="state">NUD_* that it is to have.</param>
    internal static void Write(ref NetlinkWriter writer, NeighbourInfo neighbour, ushort state)
    {
        var header = writer.Take(HeaderLength);
        header[0] = Families.Of(neighbour.Address);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], neighbour.LinkIndex);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], state);
        writer.PutAddress(Destination, neighbour.Address);
    }

    internal static bool TryParse(NetlinkMessage message, out NeighbourInfo neighbour)
    {
        neighbour = null!;
        if (message.Type is not (MessageType.NewNeighbour or MessageType.DeleteNeighbour))
            return false;
        var header = message.Header(HeaderLength);
        IPAddress? address = null;
        ImmutableArray<byte> hardware = [];
        var attributes = message.Attributes(HeaderLength);
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == Destination && header[0] is Families.IPv4 or Families.IPv6)
                address = attribute.AsAddress();
            else if (attribute.Type == LinkLayerAddress)
                hardware = [.. attribute.Value];
        }

        neighbour = new NeighbourInfo
        {
            LinkIndex = BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
            Address = address ?? IPAddress.None,
            HardwareAddress = hardware,
            State = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]),
            Flags = header[10],
        };
        return address is not null;
    }
}
