using System.Net;
using System.Net.Sockets;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Status;
using Meshover.Linux.Icmp;

namespace Meshover.Cli.Ways;

/// <summary>What is asked for: a node of the mesh, or any address.</summary>
/// <param name="Name">As people are told it.</param>
/// <param name="Address">That is asked.</param>
internal sealed record Target(string Name, IPAddress Address)
{
    /// <param name="text">A hostname of the mesh, with or without the zone, or an address.</param>
    /// <param name="status">Of this node: who there is.</param>
    /// <param name="zone">That names may end in.</param>
    /// <param name="wantsIPv4">Of a node the IPv4 address is meant.</param>
    /// <exception cref="CliException">There is no such node.</exception>
    public static Target Find(string text, StatusDocument status, string zone, bool wantsIPv4)
    {
        if (IPAddress.TryParse(text, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6 || text.Count(c => c == '.') == 3))
            return new Target(NameOf(address, status) ?? $"{address}", address);
        var name = text.TrimEnd('.').ToLowerInvariant();
        var found = Known(status).FirstOrDefault(node => node.Name == name);
        if (found == default && name.EndsWith($".{zone}", StringComparison.Ordinal))
            found = Known(status).FirstOrDefault(node => node.Name == name[..^(zone.Length + 1)]);
        if (found == default)
            throw new CliException($"There is no node \"{text}\" in the mesh, and it is no address. `meshover status` shows the nodes that there are.", ExitCode.Usage);
        return IPAddress.TryParse(wantsIPv4 ? found.Address4 : found.Address6, out var own)
            ? new Target(found.Name, own)
            : throw new CliException($"Of {found.Name} no {(wantsIPv4 ? "IPv4" : "IPv6")} address is known.");
    }

    /// <summary>The node whose address it is; null: none's.</summary>
    public static string? NameOf(IPAddress address, StatusDocument status)
    {
        if (address.IsIPv6LinkLocal)
        {
            var id = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes().AsSpan(12));
            return status.Peers.FirstOrDefault(peer => peer.Id == id)?.Hostname;
        }
        var text = $"{address}";
        return status.Peers.FirstOrDefault(peer => peer.Has(text))?.Hostname ?? (status.Node is { } self && self.Has(text) ? self.Hostname : null);
    }

    /// <exception cref="CliException">The right to it is missing.</exception>
    public static EchoProbe OpenProbe(IPAddress address, string command)
    {
        try
        {
            return new EchoProbe(address, TimeProvider.System);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new CliException($"`meshover {command}` needs the right to open raw sockets (CAP_NET_RAW), which this process does not have; run it as root, and in a container with that capability.",
                inner: e);
        }
        catch (SocketException e)
        {
            throw new CliException($"No echo can be sent to {address}: {e.Message}.", inner: e);
        }
    }

    private static IEnumerable<(string Name, string Address4, string Address6)> Known(StatusDocument status) =>
        status.Peers.Select(peer => (peer.Hostname, peer.Address4, peer.Address6))
            .Concat(status.Node is { } self ? [(self.Hostname, self.Address4, self.Address6)] : []);
}
