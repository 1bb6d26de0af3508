using System.Buffers.Binary;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink.Codec;

/// <summary>RTM_GETROUTE for one destination; the message's layout is in <see cref="RouteCodec"/>.</summary>
internal static class RouteQueryCodec
{
    // RTM_F_FIB_MATCH: the route itself. Without it IPv4 answers for a link that no route names that all the world is on that link.
    private const uint RouteItself = 0x2000;

    // RTM_F_LOOKUP_TABLE: without it IPv4 says main whatever the table was. IPv6 says the table anyhow, and refuses the flag.
    private const uint WithTable = 0x1000;
    private const ushort InputLink = 3;
    private const ushort Mark = 16;

    /// <param name="isItself">Asks for the route; else for the way that is taken, one next hop of it.</param>
    internal static void Write(ref NetlinkWriter writer, RouteQuery query, bool isItself)
    {
        var family = Families.Of(query.Destination);
        var header = writer.Take(RouteCodec.HeaderLength);
        header[0] = family;
        header[1] = (byte)Families.AddressBits(family);
        header[2] = (byte)(query.Source is null ? 0 : Families.AddressBits(family));
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], (isItself ? RouteItself : 0) | (family == Families.IPv4 ? WithTable : 0));
        writer.PutAddress(RouteCodec.Destination, query.Destination);
        if (query.Source is { } source)
            writer.PutAddress(RouteCodec.Source, source);
        if (query.InputLink != 0)
            writer.PutUInt32(InputLink, (uint)query.InputLink);
        if (query.OutputLink != 0)
            writer.PutUInt32(RouteCodec.OutputLink, (uint)query.OutputLink);
        if (query.Mark != 0)
            writer.PutUInt32(Mark, query.Mark);
    }
}
