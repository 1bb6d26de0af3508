using Meshover.Mesh.Identity;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>What <c>show bgp summary failed json</c> says of neighbours without a session.</summary>
internal static class LostPeers
{
    /// <summary>Beyond the restart-time of our configuration: later no route of theirs stands.</summary>
    private const long MostMs = 40_000;

    /// <summary>The links of those that had a session and lost it a short while ago; neighbours outside the mesh are the operator's.</summary>
    public static IEnumerable<string> In(BgpSummary summary) => Families(summary).SelectMany(f => f.Peers)
        .Where(p => p.Value is { TimesEstablished: > 0, UptimeMs: < MostMs } && NodeId.IsLinkName(p.Key)).Select(p => p.Key).Distinct();

    /// <summary>Our own AS number, which names the router in FRR's configuration.</summary>
    public static uint Router(BgpSummary summary) => Families(summary).First().As;

    private static IEnumerable<BgpFamily> Families(BgpSummary summary) => new[] { summary.Ipv4, summary.Ipv6 }.OfType<BgpFamily>();
}
