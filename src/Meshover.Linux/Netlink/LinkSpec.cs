namespace Meshover.Linux.Netlink;

/// <summary>A link to be made.</summary>
public sealed record LinkSpec
{
    /// <summary>At most 15 bytes.</summary>
    public required string Name { get; init; }

    public required LinkKind Kind { get; init; }

    /// <summary>Bytes; 0 leaves the kernel's own.</summary>
    public int Mtu { get; init; }

    /// <summary>ifalias; empty for none.</summary>
    public string Alias { get; init; } = "";

    /// <summary>Where it is made: a path such as <c>/run/netns/NAME</c>; null for the socket's own namespace.</summary>
    public string? NamespacePath { get; init; }

    /// <summary>A veth's other end; null for any other kind.</summary>
    public string? PeerName { get; init; }

    /// <summary>Where a veth's other end is made; null for the same place.</summary>
    public string? PeerNamespacePath { get; init; }

    /// <summary>For <see cref="LinkKind.Gre"/>; null for any other kind.</summary>
    public GreTunnel? Gre { get; init; }

    /// <summary>
    /// Asks for a link that the kernel must refuse (EINVAL: it has no transmit queue), which it does only where it knows the kind
    /// (EOPNOTSUPP) and the caller may make links (EPERM). Nothing is made; the name is not looked at.
    /// </summary>
    internal bool IsProbe { get; init; }

    public static LinkSpec Bridge(string name) => new() { Name = name, Kind = LinkKind.Bridge };

    public static LinkSpec Dummy(string name) => new() { Name = name, Kind = LinkKind.Dummy };

    /// <summary>A tunnel over IPv4 without key, checksum or sequence numbers (RFC 2784).</summary>
    public static LinkSpec OfGre(string name, GreTunnel tunnel) => new() { Name = name, Kind = LinkKind.Gre, Gre = tunnel };

    /// <summary>A WireGuard device, without a key; see <see cref="WireGuard.IWireGuardNetlink"/>.</summary>
    public static LinkSpec OfWireGuard(string name) => new() { Name = name, Kind = LinkKind.WireGuard };

    /// <summary>A veth pair; the peer may be made straight in another namespace.</summary>
    public static LinkSpec Veth(string name, string peerName, string? peerNamespacePath = null) =>
        new() { Name = name, Kind = LinkKind.Veth, PeerName = peerName, PeerNamespacePath = peerNamespacePath };
}

/// <summary>Kinds of links that we make over rtnetlink. (A TUN is made by its own device, see <c>TunDevice</c>.)</summary>
public enum LinkKind
{
    Bridge,
    Dummy,
    Gre,
    Veth,
    WireGuard,
}

/// <summary>
/// What to change in a link; null leaves a thing as it is. All of it goes in one message, in the kernel's order, so what must come before
/// <c>up</c> (<see cref="AddressGeneration"/>) belongs in a call of its own.
/// </summary>
public sealed record LinkChange
{
    public bool? Up { get; init; }

    /// <summary>Bytes.</summary>
    public int? Mtu { get; init; }

    /// <summary>ifalias; empty removes it.</summary>
    public string? Alias { get; init; }

    /// <summary>IFF_MULTICAST: a <c>gre</c> device has it not by itself.</summary>
    public bool? Multicast { get; init; }

    /// <summary>The whole of it; the device stays, with its addresses and routes. The kernel may give it another MTU, so set that, too.</summary>
    public GreTunnel? Gre { get; init; }

    /// <summary>Set it before <c>up</c>, alone: in one message with <c>up</c> it comes too late and the kernel's own address stays.</summary>
    public AddressGenerationMode? AddressGeneration { get; init; }

    /// <summary>Settings of net.ipv4.conf, which so need no file each.</summary>
    public LinkIpv4Change? Ipv4 { get; init; }

    /// <summary>Name of the bridge to join; empty leaves any.</summary>
    public string? Master { get; init; }

    public string? NewName { get; init; }

    /// <summary>Moves the link to this namespace (a path such as <c>/run/netns/NAME</c>).</summary>
    public string? NamespacePath { get; init; }
}

/// <summary>net.ipv4.conf.LINK.rp_filter and .accept_redirects, both set (ip-sysctl.rst).</summary>
public sealed record LinkIpv4Change(int RpFilter, int AcceptRedirects);
