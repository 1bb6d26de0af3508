namespace Meshover.Cli.Doctor.Firewall;

/// <summary>As nft names the families of its tables and the values of <c>meta nfproto</c>.</summary>
internal enum IpFamily
{
    Ipv4,
    Ipv6,
}

/// <summary>A packet of the mesh, of which a firewall is asked what it would do. Null: any.</summary>
internal sealed record PacketSample
{
    /// <summary>What it is, for the user.</summary>
    public required string What { get; init; }

    /// <summary>IP's version: the same packet may come by either, and an <c>ip</c> chain sees only the one.</summary>
    public IpFamily Family { get; init; }

    /// <summary><c>input</c> or <c>forward</c>.</summary>
    public required string Hook { get; init; }
    public string? InputLink { get; init; }
    public string? OutputLink { get; init; }

    /// <summary>As nft names it: <c>tcp</c>, <c>udp</c>, <c>gre</c>.</summary>
    public string? Protocol { get; init; }
    public int? DestinationPort { get; init; }

    /// <summary>It is the first of its flow, or (from link to link) not tracked.</summary>
    public string ConnectionState { get; init; } = "new";
}
