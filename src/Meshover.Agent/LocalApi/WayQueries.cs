using System.Net;
using System.Net.Sockets;
using Meshover.Contract.V1;
using Meshover.Linux.Netlink;

namespace Meshover.Agent.LocalApi;

/// <summary>Tells a controller which way the kernel sends a packet, as `meshover route explain` does.</summary>
internal static class WayQueries
{
    /// <exception cref="NoWayToTellException">The addresses are none, or it cannot be told where the packet comes in.</exception>
    public static WayAnswer Answer(WayQuestion question, AgentStatus status)
    {
        if (!IPAddress.TryParse(question.To, out var to))
            throw new NoWayToTellException($"\"{question.To}\" is not an address.");
        var source = question.From.Length > 0 ? question.From : to.AddressFamily == AddressFamily.InterNetwork ? status.Address4 : status.Address6;
        if (!IPAddress.TryParse(source, out var from) || from.AddressFamily != to.AddressFamily)
            throw new NoWayToTellException($"\"{source}\" is not an address of the family of {to}.");
        using var netlink = new RouteNetlink();
        var way = new RouteExplanation(netlink, status).Of(from, to, by: null);
        return new WayAnswer { Kind = KindOf(way.Kind), NextNode = way.Next?.Value ?? 0, Link = way.Link, Out = way.Out, Gathered = way.Gathered };
    }

    private static WayAnswer.Types.Kind KindOf(WayKind kind) => kind switch
    {
        WayKind.Here => WayAnswer.Types.Kind.Here,
        WayKind.Link => WayAnswer.Types.Kind.Link,
        WayKind.Outside => WayAnswer.Types.Kind.Outside,
        _ => WayAnswer.Types.Kind.Refused,
    };
}
