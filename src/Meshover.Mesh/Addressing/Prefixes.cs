using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Meshover.Mesh.Addressing;

/// <summary>Reading, comparing and making IP prefixes.</summary>
public static class Prefixes
{
    /// <summary>"This network", loopback, link-local, multicast and reserved (RFC 6890): never routed, whatever anybody was granted.</summary>
    public static ImmutableArray<IPNetwork> Bogons { get; } =
        [.. new[] { "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/32", "fe80::/10", "ff00::/8" }.Select(IPNetwork.Parse)];

    /// <param name="text">CIDR, e.g. <c>10.64.1.0/24</c> or <c>fd64:1::/64</c>.</param>
    /// <param name="prefix">The network, host bits zero.</param>
    /// <param name="error">What is wrong, to be put after the prefix's name.</param>
    public static bool TryParse(string? text, out IPNetwork prefix, out string error)
    {
        error = "";
        prefix = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (text is null || slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out var address)
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > Bits(address))
        {
            error = $"\"{text}\" is not a prefix such as 10.64.1.0/24 or fd64:1::/64";
            return false;
        }
        prefix = Containing(address, length);
        if (!prefix.BaseAddress.Equals(address))
            error = $"\"{text}\" has bits set beyond its length: write {prefix}";
        return error.Length == 0;
    }

    /// <summary>Loopback, link-local or multicast: an address that leads no packet from one link to another.</summary>
    public static bool IsNeverRouted(IPAddress address) =>
        IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6Multicast
        || (address.AddressFamily == AddressFamily.InterNetwork
            && address.GetAddressBytes() is [127, ..] or [169, 254, ..] or [>= 224 and < 240, ..]);

    /// <summary>Whether the two share an address.</summary>
    public static bool Overlap(IPNetwork a, IPNetwork b) =>
        a.BaseAddress.AddressFamily == b.BaseAddress.AddressFamily && (a.Contains(b.BaseAddress) || b.Contains(a.BaseAddress));

    /// <summary>Whether all of the inner one lies in the outer one.</summary>
    public static bool Covers(IPNetwork outer, IPNetwork inner) =>
        outer.BaseAddress.AddressFamily == inner.BaseAddress.AddressFamily && outer.PrefixLength <= inner.PrefixLength && outer.Contains(inner.BaseAddress);

    /// <summary>The first address that may be a machine's: not of 0.0.0.0/8 or ::/8, which lead nowhere, where the prefix has others.</summary>
    public static IPAddress AddressIn(IPNetwork prefix)
    {
        if (prefix.PrefixLength < 8 && prefix.BaseAddress.GetAddressBytes()[0] == 0)
            return prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Parse("1.0.0.1") : new IPAddress([(byte)(prefix.PrefixLength < 3 ? 0x20 : 0x80 >> prefix.PrefixLength), .. new byte[14], 1]);
        var bytes = prefix.BaseAddress.GetAddressBytes();
        if (prefix.PrefixLength < (bytes.Length * 8) - 1)
            bytes[^1] |= 1;
        return new IPAddress(bytes);
    }

    /// <summary>The network of this length that the address lies in.</summary>
    public static IPNetwork Containing(IPAddress address, int length)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var count);
        for (var i = 0; i < count; i++)
            bytes[i] &= (byte)(0xff00 >> Math.Clamp(length - (i * 8), 0, 8));
        return new IPNetwork(new IPAddress(bytes[..count]), length);
    }

    /// <summary>The two prefixes, longer by a bit, that together are this one.</summary>
    public static IPNetwork[] Halves(IPNetwork prefix)
    {
        Span<byte> bytes = stackalloc byte[16];
        prefix.BaseAddress.TryWriteBytes(bytes, out var count);
        bytes[prefix.PrefixLength / 8] |= (byte)(0x80 >> (prefix.PrefixLength % 8));
        var length = prefix.PrefixLength + 1;
        return [new IPNetwork(prefix.BaseAddress, length), new IPNetwork(new IPAddress(bytes[..count]), length)];
    }

    /// <summary>Those that lie in no other. In the order of their first addresses, what lies in a prefix follows it.</summary>
    public static IReadOnlySet<IPNetwork> Outermost(IEnumerable<IPNetwork> prefixes)
    {
        var outermost = new HashSet<IPNetwork>();
        IPNetwork? last = null;
        foreach (var prefix in prefixes.OrderBy(prefix => prefix.BaseAddress.AddressFamily).ThenBy(prefix => AddressNumber.Of(prefix.BaseAddress)).ThenBy(prefix => prefix.PrefixLength))
        {
            if (last is { } outer && Overlap(outer, prefix))
                continue;
            outermost.Add(prefix);
            last = prefix;
        }
        return outermost;
    }

    /// <summary>The prefix of one address alone: /32 or /128.</summary>
    public static IPNetwork Host(IPAddress address) => new(address, Bits(address));

    /// <summary>A random unique local network of 48 bits (RFC 4193, section 3.2).</summary>
    public static IPNetwork RandomUniqueLocal()
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes[0] = 0xfd;
        RandomNumberGenerator.Fill(bytes[1..6]);
        return new IPNetwork(new IPAddress(bytes), 48);
    }

    private static int Bits(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
}
