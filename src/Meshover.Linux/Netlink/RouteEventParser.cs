using Meshover.Linux.Netlink.Codec;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink;

/// <summary>One notification of the kernel.</summary>
internal static class RouteEventParser
{
    /// <summary>Null where it is none that is heard.</summary>
    internal static RouteEvent? TryParse(NetlinkMessage message, IReadOnlyList<byte> ignoredRouteProtocols)
    {
        switch (message.Type)
        {
            case MessageType.NewLink or MessageType.DeleteLink when LinkCodec.TryParse(message, out var link):
                return new LinkEvent(link, message.Type == MessageType.DeleteLink);
            case MessageType.NewLink when LinkCodec.TryParseIpv6Settings(message, out var index):
                return new Ipv6SettingsEvent(index);
            case MessageType.NewAddress or MessageType.DeleteAddress when AddressCodec.TryParse(message, out var address):
                return new AddressEvent(address, message.Type == MessageType.DeleteAddress);
            case MessageType.NewRoute or MessageType.DeleteRoute when !ignoredRouteProtocols.Contains(message.Header(RouteCodec.HeaderLength)[5]) && RouteCodec.TryParse(message, out var route):
                return new RouteChangeEvent(route, message.Type == MessageType.DeleteRoute) { IsReplacement = message.Flags.HasFlag(MessageFlags.Replace) };
            case MessageType.NewRule or MessageType.DeleteRule when RuleCodec.TryParse(message, out var rule):
                return new RuleEvent(rule, message.Type == MessageType.DeleteRule);
            case MessageType.NewNeighbour or MessageType.DeleteNeighbour when NeighbourCodec.TryParse(message, out var neighbour):
                return new NeighbourEvent(neighbour, message.Type == MessageType.DeleteNeighbour);
            default:
                return null;
        }
    }
}
