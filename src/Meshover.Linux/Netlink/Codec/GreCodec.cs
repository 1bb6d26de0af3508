using System.Net;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink.Codec;

/// <summary>
/// IFLA_INFO_DATA of the kind <c>gre</c> (linux/if_tunnel.h). The kernel takes what is left out for zero, also in a change, so all that
/// counts is written always. (Path MTU discovery, left out, is on: outer packets carry DF.)
/// </summary>
internal static class GreCodec
{
    internal const string Kind = "gre";

    private const ushort Link = 1;
    private const ushort InputFlags = 2;
    private const ushort OutputFlags = 3;
    private const ushort Local = 6;
    private const ushort Remote = 7;
    private const ushort TimeToLive = 8;

    internal static void Write(ref NetlinkWriter writer, GreTunnel tunnel)
    {
        writer.PutInt32(Link, tunnel.LowerIndex);
        writer.PutAddress(Local, tunnel.Local);
        writer.PutAddress(Remote, tunnel.Remote);
        writer.PutByte(TimeToLive, tunnel.TimeToLive);
    }

    internal static GreTunnel Read(AttributeReader data)
    {
        var tunnel = new GreTunnel { Local = IPAddress.Any, Remote = IPAddress.Any };
        while (data.TryRead(out var attribute))
        {
            tunnel = attribute.Type switch
            {
                Link => tunnel with { LowerIndex = attribute.AsInt32() },
                InputFlags or OutputFlags => tunnel with { HasOptions = tunnel.HasOptions || attribute.AsUInt16() != 0 },
                Local => tunnel with { Local = attribute.AsAddress() },
                Remote => tunnel with { Remote = attribute.AsAddress() },
                TimeToLive => tunnel with { TimeToLive = attribute.AsByte() },
                _ => tunnel,
            };
        }

        return tunnel;
    }
}
