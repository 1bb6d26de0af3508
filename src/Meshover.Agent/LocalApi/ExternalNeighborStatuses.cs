using Meshover.Contract.V1;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;

namespace Meshover.Agent.LocalApi;

/// <summary>How the routers outside the mesh are.</summary>
internal static class ExternalNeighborStatuses
{
    private const string Established = "Established";

    /// <param name="wanted">Null: no routing.</param>
    /// <param name="seen">Null: FRR does not answer.</param>
    public static IEnumerable<OutsideNeighbor> Of(RoutingModel? wanted, RoutingStatus? seen)
    {
        var bgp = (seen?.Neighbors ?? []).ToDictionary(neighbor => neighbor.Interface, StringComparer.Ordinal);
        return (wanted?.ExternalNeighbors ?? []).Select(neighbor => Status(neighbor, bgp.GetValueOrDefault(neighbor.Name), seen?.WrongSignatures ?? 0));
    }

    private static OutsideNeighbor Status(ExternalNeighbor neighbor, NeighborStatus? bgp, long wrongSignatures) => new()
    {
        Name = neighbor.Name,
        RemoteAs = neighbor.RemoteAs.Value,
        BgpState = bgp?.BgpState ?? "",
        SinceSeconds = bgp is { UptimeMs: > 0 } ? bgp.UptimeMs / 1000 : -1,
        PrefixesReceived = (uint)(bgp?.PrefixesReceived ?? 0),
        PrefixesSent = (uint)(bgp?.PrefixesSent ?? 0),
        BfdState = bgp is not null && neighbor.Bfd ? bgp.BfdState : "",
        Error = bgp is null or { BgpState: Established } ? "" : Error(neighbor, bgp, wrongSignatures),
    };

    /// <summary>Two that have different passwords do not hear each other: it is only seen that nobody answers, and that TCP counts wrong signatures.</summary>
    private static string Error(ExternalNeighbor neighbor, NeighborStatus bgp, long wrongSignatures)
    {
        var frr = bgp.LastError.Length > 0 ? $"FRR says: {bgp.LastError}." : "";
        if (bgp.BgpState is not ("Connect" or "Active"))
            return frr;
        var silence = neighbor.Password is null
            ? $"It does not answer at port {neighbor.Port}: check that it speaks BGP with this node, and by no password."
            : $"It does not answer at port {neighbor.Port}: it is not there, does not speak BGP with this node, or has another password.";
        var signatures = wrongSignatures > 0 ? $" {wrongSignatures} TCP segments with a wrong or missing password have come to this machine since its start." : "";
        return $"{silence}{signatures} {frr}".TrimEnd();
    }
}
