using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Planning;

namespace Meshover.Routing.Config;

/// <summary>A node's rendered FRR configuration: one text for each daemon (one integrated file given to all of them breaks).</summary>
public sealed record FrrConfig(string Zebra, string Bgpd, string Bfdd)
{
    private readonly ListOf<string> _leased;

    /// <summary>No text for anybody.</summary>
    internal static FrrConfig Empty { get; } = new("", "", "");

    /// <summary>TCP port that bgpd listens on; changing it restarts FRR, everything else is applied as a difference.</summary>
    public int BgpPort { get; init; } = 12914;

    /// <summary>Milliseconds after which neighbours notice by BFD that this node's FRR is gone; it is not started again sooner.</summary>
    public int BfdDetectionMs { get; init; } = 900;

    /// <summary>Where FRR runs; changing it starts FRR anew, elsewhere.</summary>
    public FrrBackendConfig Backend { get => field ?? FrrBackendConfig.Process; init => field = value == FrrBackendConfig.Process ? null : value; }

    /// <summary>Prefixes that are announced for as long as the agent renews its lease, as in the text.</summary>
    public ImmutableArray<string> Leased { get => _leased.Elements; init => _leased = new(value); }

    /// <summary>The same without what is leased. Nothing else changes: it is what bgpd is told fastest.</summary>
    public FrrConfig WithoutLeased()
    {
        var leased = Leased.ToHashSet(StringComparer.Ordinal);
        var lines = Bgpd.Split('\n').Where(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["network", var prefix, ..] || !leased.Contains(prefix));
        return this with { Bgpd = string.Join('\n', lines), Leased = [] };
    }

    /// <summary>Addresses that the node has because of what is leased, if it has them.</summary>
    public IEnumerable<IPAddress> AddressesLeased() => Leased.Select(IPNetwork.Parse)
        .Where(prefix => prefix.PrefixLength == prefix.BaseAddress.GetAddressBytes().Length * 8).Select(prefix => prefix.BaseAddress);
}
