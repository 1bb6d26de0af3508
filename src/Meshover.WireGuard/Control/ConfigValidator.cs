using System.Net;
using System.Net.Sockets;
using System.Text;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Control;

/// <summary>Everything that is wrong with a configuration, before any of it is used.</summary>
internal static class ConfigValidator
{
    // IPv6 needs 1280 (RFC 8200 section 5); an IPv4 datagram has 16 bits for its length, less its headers and ours.
    private const int MinimumMtu = 1280;
    private const int MaximumMtu = 65_535 - 20 - 8 - Session.TransportMessage.Overhead;

    // IFNAMSIZ with its final zero.
    private const int MaxNameBytes = 15;

    // IFALIASZ with its final zero.
    private const int MaxAliasBytes = 255;

    /// <summary>One sentence per fault; empty if there is none.</summary>
    public static IReadOnlyList<string> Validate(DataplaneConfig config)
    {
        if (config.Peers.Any(peer => peer is null))
            return ["a peer is null"];
        var faults = new List<string>();
        CheckName(config.Interface, "interface", faults);
        CheckRange(config.ListenPort, 0, ushort.MaxValue, "listenPort", faults);
        CheckRange(config.Mtu, MinimumMtu, MaximumMtu, "mtu", faults);
        WireGuardKey?[] own = [config.PrivateKey.PublicKey, config.OtherPrivateKey?.PublicKey];
        foreach (var peer in config.Peers)
            CheckPeer(peer, own, config.Mtu - Pipeline.GreHeader.Length, faults);
        var prefixes = config.Peers.SelectMany(peer => peer.AllowedIps.Distinct());
        var devices = config.Peers.Select(peer => peer.Link?.Name).OfType<string>().Append(config.Interface);
        CheckUnique(config.Peers.SelectMany(peer => peer.Keys).Select(key => key.ToString()), "peer", "is named twice", faults);
        CheckUnique(prefixes.Select(prefix => prefix.ToString()), "prefix", "is given to two peers", faults);
        CheckUnique(devices, "interface", "is named twice", faults);
        return faults;
    }

    /// <summary>Packets can be sent there.</summary>
    public static bool IsEndpoint(IPEndPoint endpoint) => endpoint.Port is >= 1 and <= ushort.MaxValue && !IsNoHost(endpoint.Address);

    private static void CheckPeer(PeerConfig peer, WireGuardKey?[] own, int maximumLinkMtu, List<string> faults)
    {
        var name = $"peer {peer.PublicKey}";
        if (peer.Keys.Any(key => own.Contains(key)))
            faults.Add($"{name} has this node's own public key");
        if (peer.Keys.Contains(default))
            faults.Add("a peer has no public key (it is all zero)");
        CheckRange(peer.PersistentKeepalive, 0, ushort.MaxValue, $"{name}: persistentKeepalive", faults);
        if (peer.Endpoint is { } endpoint && !IsEndpoint(endpoint))
            faults.Add($"{name}: {endpoint} is not an endpoint that packets can be sent to");
        if (peer.Link is { } link)
            CheckLink(link, peer, maximumLinkMtu, name, faults);
    }

    private static void CheckLink(LinkConfig link, PeerConfig peer, int maximumMtu, string name, List<string> faults)
    {
        CheckName(link.Name, $"{name}: link", faults);
        CheckRange(link.Mtu, MinimumMtu, Math.Max(maximumMtu, MinimumMtu), $"{name}: link mtu", faults);
        if (Encoding.UTF8.GetByteCount(link.Alias) > MaxAliasBytes)
            faults.Add($"{name}: the alias of link {link.Name} is longer than {MaxAliasBytes} bytes");
        if (link.LocalTunnel.AddressFamily != AddressFamily.InterNetwork || link.RemoteTunnel.AddressFamily != AddressFamily.InterNetwork)
            faults.Add($"{name}: the tunnel addresses of link {link.Name} are not IPv4");
        else if (!peer.AllowedIps.Any(prefix => prefix.Contains(link.RemoteTunnel)))
            faults.Add($"{name}: the remote tunnel address {link.RemoteTunnel} of link {link.Name} is not among its allowed IPs");
    }

    private static void CheckName(string name, string what, List<string> faults)
    {
        var isName = name.Length > 0 && Encoding.UTF8.GetByteCount(name) <= MaxNameBytes && name is not ("." or "..")
            && !name.Any(c => c is '/' or ':' or '%' || char.IsWhiteSpace(c) || char.IsControl(c));
        if (!isName)
            faults.Add($"{what} '{name}' is not an interface name (1 to {MaxNameBytes} bytes, no white space, '/', ':' or '%')");
    }

    private static void CheckRange(int value, int minimum, int maximum, string what, List<string> faults)
    {
        if (value < minimum || value > maximum)
            faults.Add($"{what} is {value}, and must be from {minimum} to {maximum}");
    }

    private static void CheckUnique(IEnumerable<string> values, string what, string fault, List<string> faults) =>
        faults.AddRange(values.GroupBy(value => value, StringComparer.Ordinal)
            .Where(group => group.Skip(1).Any())
            .Select(group => $"{what} {group.Key} {fault}"));

    private static bool IsNoHost(IPAddress address) =>
        address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
        || address.Equals(IPAddress.Broadcast) || address.IsIPv6Multicast;
}
