namespace Meshover.Linux.Netlink.Wire;

/// <summary><c>nlmsg_flags</c> (linux/netlink.h).</summary>
[Flags]
internal enum MessageFlags : ushort
{
    None = 0,
    Request = 0x01,
    Multi = 0x02,
    Ack = 0x04,
    DumpInterrupted = 0x10,
    Dump = 0x300,
    Replace = 0x100,
    Exclusive = 0x200,
    Create = 0x400,
    Append = 0x800,
}

/// <summary><c>nlmsg_flags</c> of NLMSG_ERROR and NLMSG_DONE, where the same bits mean other things.</summary>
[Flags]
internal enum AckFlags : ushort
{
    None = 0,

    /// <summary>NLM_F_CAPPED: of the request only the header is echoed.</summary>
    Capped = 0x100,

    /// <summary>NLM_F_ACK_TLVS.</summary>
    HasAttributes = 0x200,
}

/// <summary><c>nlmsg_type</c> of the control messages and of rtnetlink (linux/netlink.h, linux/rtnetlink.h).</summary>
internal static class MessageType
{
    internal const ushort NoOperation = 1;
    internal const ushort Error = 2;
    internal const ushort Done = 3;
    internal const ushort Overrun = 4;
    internal const ushort NewLink = 16;
    internal const ushort DeleteLink = 17;
    internal const ushort GetLink = 18;
    internal const ushort SetLink = 19;
    internal const ushort NewAddress = 20;
    internal const ushort DeleteAddress = 21;
    internal const ushort GetAddress = 22;
    internal const ushort NewRoute = 24;
    internal const ushort DeleteRoute = 25;
    internal const ushort GetRoute = 26;
    internal const ushort NewNeighbour = 28;
    internal const ushort DeleteNeighbour = 29;
    internal const ushort GetNeighbour = 30;
    internal const ushort NewRule = 32;
    internal const ushort DeleteRule = 33;
    internal const ushort GetRule = 34;
}
