using System.Net;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Status;
using Meshover.Linux.Capture;
using Meshover.Linux.Netlink;

namespace Meshover.Cli.Capturing;

/// <summary>Where packets are looked for, and which.</summary>
/// <param name="Peer">Of this one alone; null: of all.</param>
/// <param name="IsSealed">On the underlay.</param>
/// <param name="Port">UDP port of this node's WireGuard.</param>
/// <param name="EndPoint">Where the peer's is; null: of all peers.</param>
internal sealed record CaptureScope(PeerSection? Peer, bool IsSealed, int Port, IPEndPoint? EndPoint)
{
    private const string Links = "mo-", Own = "meshover";

    /// <exception cref="CliException">There is no such peer, or nothing of it could be seen.</exception>
    public static CaptureScope Of(CaptureWish wish, StatusDocument status, string zone)
    {
        var peer = wish.Node is { } name ? Find(name, status, zone) : null;
        if (!wish.IsSealed)
            return new CaptureScope(peer, IsSealed: false, 0, EndPoint: null);
        if (status.Node is not { ListenPort: > 0 and var port })
            throw new CliException("The data plane does not say at which port it listens: `meshover status` says why.");
        if (peer is null)
            return new CaptureScope(peer, IsSealed: true, (int)port, EndPoint: null);
        return IPEndPoint.TryParse(peer.Endpoint ?? "", out var endPoint)
            ? new CaptureScope(peer, IsSealed: true, (int)port, endPoint)
            : throw new CliException($"{peer.Hostname} has no endpoint now, so nothing is sealed for it. `meshover capture --sealed` captures what is sent to all.");
    }

    private static PeerSection Find(string name, StatusDocument status, string zone)
    {
        var plain = name.TrimEnd('.');
        plain = plain.EndsWith($".{zone}", StringComparison.OrdinalIgnoreCase) ? plain[..^(zone.Length + 1)] : plain;
        return status.Peers.FirstOrDefault(peer => string.Equals(peer.Hostname, plain, StringComparison.OrdinalIgnoreCase) || peer.Has(name) || peer.Link == name)
            ?? throw new CliException($"This node has no peer \"{name}\"; `meshover status` lists them.", ExitCode.Usage);
    }

    /// <exception cref="CliException">The right to it is missing, or the link is not there.</exception>
    public PacketSocket Open()
    {
        try
        {
            return (IsSealed, Peer) switch
            {
                (true, _) => new PacketSocket(PacketFilter.OfUdp(Port, EndPoint), 0),
                (false, null) => new PacketSocket(PacketFilter.OfTunnels(), 0),
                (false, var peer) => new PacketSocket(PacketFilter.OfTunnels(), IndexOf(peer.Link)),
            };
        }
        catch (CaptureException e) when (e.IsNotPermitted)
        {
            throw new CliException("`meshover capture` needs the right to raw sockets (CAP_NET_RAW), which this process does not have; in a container add that capability.", inner: e);
        }
    }

    /// <summary>Whether an interface is one of those that are looked at.</summary>
    public bool Has(string interfaceName) => IsSealed
        ? !interfaceName.StartsWith(Links, StringComparison.Ordinal) && !interfaceName.StartsWith(Own, StringComparison.Ordinal)
        : interfaceName.StartsWith(Links, StringComparison.Ordinal);

    public string Describe() => (IsSealed, Peer) switch
    {
        (false, null) => "all links",
        (false, var peer) => $"the link with {peer.Hostname} ({peer.Link})",
        (true, null) => $"WireGuard's packets (UDP port {Port})",
        (true, var peer) => $"WireGuard's packets with {peer.Hostname} ({EndPoint})",
    };

    private static int IndexOf(string link)
    {
        using var netlink = new RouteNetlink();
        return netlink.FindLink(link)?.Index ?? throw new CliException($"The link {link} is not there now; `meshover status` says why.");
    }
}
