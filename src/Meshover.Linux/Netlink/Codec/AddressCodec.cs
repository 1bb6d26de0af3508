using System.Buffers.Binary;
using System.Net;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink.Codec;

/// <summary>
/// RTM_*ADDR (linux/if_addr.h):
/// <code>struct ifaddrmsg { u8 family; u8 prefixlen; u8 flags; u8 scope; u32 index; }</code>
/// IFA_LOCAL is the machine's own address, IFA_ADDRESS the other end's; only IFA_ADDRESS is there where they are the same (IPv6).
/// IFA_FLAGS carries all 32 bits of what the header has room for only 8.
/// </summary>
internal static class AddressCodec
{
    internal const int HeaderLength = 8;

    private const ushort Address = 1;
    private const ushort Local = 2;
    private const ushort FlagsAttribute = 8;
    private const ushort Protocol = 11;

    internal static void WriteDump(ref NetlinkWriter writer) => writer.Take(HeaderLength);

    internal static void Write(ref NetlinkWriter writer, AddressInfo address)
    {
        var header = writer.Take(HeaderLength);
        header[0] = Families.Of(address.Address);
        header[1] = (byte)address.PrefixLength;
        header[2] = (byte)address.Flags;
        header[3] = address.Scope;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], address.LinkIndex);
        writer.PutAddress(Local, address.Address);
        writer.PutAddress(Address, address.Address);
        if (address.Flags != AddressFlags.None)
            writer.PutUInt32(FlagsAttribute, (uint)address.Flags);
        if (address.Protocol != 0)
            writer.PutByte(Protocol, address.Protocol);
    }

    internal static bool TryParse(NetlinkMessage message, out AddressInfo address)
    {
        address = null!;
        if (message.Type is not (MessageType.NewAddress or MessageType.DeleteAddress))
            return false;
        var header = message.Header(HeaderLength);
        uint flags = header[2];
        IPAddress? local = null;
        IPAddress? other = null;
        byte protocol = 0;
        var attributes = message.Attributes(HeaderLength);
        while (attributes.TryRead(out var attribute))
        {
            switch (attribute.Type)
            {
                case Address: other = attribute.AsAddress(); break;
                case Local: local = attribute.AsAddress(); break;
                case FlagsAttribute: flags = attribute.AsUInt32(); break;
                case Protocol: protocol = attribute.AsByte(); break;
            }
        }

        address = new AddressInfo
        {
            LinkIndex = BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
            Address = local ?? other ?? IPAddress.None,
            PrefixLength = header[1],
            Flags = (AddressFlags)flags,
            Scope = header[3],
            Protocol = protocol,
        };
        return (local ?? other) is not null;
    }
}
