using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink.Codec;

/// <summary>The number by which a family of generic netlink is spoken to.</summary>
internal sealed record GenericFamily(ushort Id);

/// <summary>
/// Generic netlink (linux/genetlink.h): a family has a name, and a number that the kernel gives it when its module comes.
/// <code>
/// struct genlmsghdr { u8 cmd; u8 version; u16 reserved; }         nlmsg_type is the family's number
/// GENL_ID_CTRL: CTRL_CMD_GETFAMILY { CTRL_ATTR_FAMILY_NAME } -> CTRL_CMD_NEWFAMILY { CTRL_ATTR_FAMILY_ID (u16), … }
/// </code>
/// </summary>
internal static class GenericCodec
{
    internal const int HeaderLength = 4;

    /// <summary>GENL_ID_CTRL: the family that knows the others.</summary>
    internal const ushort Controller = 0x10;

    private const byte ControllerVersion = 1;
    private const byte NewFamily = 1;
    private const byte GetFamily = 3;
    private const ushort FamilyId = 1;
    private const ushort FamilyName = 2;

    internal static void WriteHeader(ref NetlinkWriter writer, byte command, byte version)
    {
        var header = writer.Take(HeaderLength);
        header[0] = command;
        header[1] = version;
    }

    internal static void WriteFindFamily(ref NetlinkWriter writer, string name)
    {
        WriteHeader(ref writer, GetFamily, ControllerVersion);
        writer.PutString(FamilyName, name);
    }

    internal static bool TryParseFamily(NetlinkMessage message, out GenericFamily family)
    {
        family = null!;
        if (message.Type != Controller || message.Header(HeaderLength)[0] != NewFamily)
            return false;
        var attributes = message.Attributes(HeaderLength);
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == FamilyId)
                family = new GenericFamily(attribute.AsUInt16());
        }

        return family is not null;
    }
}
