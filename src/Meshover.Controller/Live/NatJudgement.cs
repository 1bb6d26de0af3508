using System.Net;
using System.Net.Sockets;
using Meshover.Controller.State;
using Meshover.Mesh.Map;

namespace Meshover.Controller.Live;

/// <summary>
/// Whether a node is behind a NAT, by what can be true: an address that its stream comes from and that it does not have may be a NAT's, but
/// also a proxy's before the controller, or that of another uplink. Pure.
/// </summary>
internal static class NatJudgement
{
    private static readonly IPNetwork[] NotPublic =
        [.. new[] { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7" }.Select(IPNetwork.Parse)];

    /// <param name="report">The node's own.</param>
    /// <param name="seen">Where its stream comes from; null: from where nothing can be told.</param>
    /// <returns>Null: nothing to tell by.</returns>
    public static bool? IsBehindNat(ReportedState report, IPAddress? seen)
    {
        if (report.Endpoints.Any(endpoint => endpoint.Kind == (int)EndpointSource.Configured))
            return false;
        return seen is null || report.Endpoints.IsEmpty ? null : !Has(report, seen) && !CanDoWithout(report, seen);
    }

    /// <summary>
    /// Whether the place where the controller sees the node may be one to call it at: not the NAT's of a second uplink, not a proxy's, nor an
    /// address made to be forgotten.
    /// </summary>
    public static bool IsPlace(ReportedState report, IPAddress seen) =>
        Offers(report, seen) || (!Has(report, seen) && !HasPublic(report, seen.AddressFamily));

    private static bool Has(ReportedState report, IPAddress address) => Offers(report, address) || report.OtherAddresses.Contains(address);

    private static bool Offers(ReportedState report, IPAddress address) => report.Endpoints.Any(endpoint => endpoint.Address == address.ToString());

    // With a public address nobody needs a NAT. A stream by IPv4 says nothing of the node's IPv6, which has none as a rule.
    private static bool CanDoWithout(ReportedState report, IPAddress seen) =>
        HasPublic(report, seen.AddressFamily) || HasPublic(report, AddressFamily.InterNetworkV6);

    private static bool HasPublic(ReportedState report, AddressFamily family) => report.Endpoints.Any(endpoint =>
        IPAddress.TryParse(endpoint.Address, out var address) && address.AddressFamily == family && !NotPublic.Any(network => network.Contains(address)));
}
