namespace Meshover.Routing.Config;

/// <summary>A node's rendered FRR configuration: one text for each daemon (one integrated file given to all of them breaks).</summary>
public sealed record FrrConfig(string Zebra, string Bgpd, string Bfdd)
{
    /// <summary>No text for anybody.</summary>
    internal static FrrConfig Empty { get; } = new("", "", "");

    /// <summary>TCP port that bgpd listens on; changing it restarts FRR, everything else is applied as a difference.</summary>
    public int BgpPort { get; init; } = 12914;

    /// <summary>Milliseconds after which neighbours notice by BFD that this node's FRR is gone; it is not started again sooner.</summary>
    public int BfdDetectionMs { get; init; } = 900;
}
