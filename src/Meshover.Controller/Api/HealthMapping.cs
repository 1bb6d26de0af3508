using System.Collections.Immutable;
using Meshover.Contract.V1;
using Meshover.Controller.Live;
using Meshover.Mesh.Findings;
using LinkFigure = Meshover.Controller.Live.LinkFigure;
using LinkReason = Meshover.Controller.Live.LinkReason;

namespace Meshover.Controller.Api;

/// <summary>From the summaries of nodes to <see cref="HealthReport"/>.</summary>
internal static class HealthMapping
{
    /// <param name="former">What the node said before; of that only the exceptions hold where the summary names none.</param>
    /// <param name="summary">What it says now.</param>
    /// <param name="at">When.</param>
    public static HealthReport Merge(HealthReport? former, NodeSummary summary, DateTimeOffset at)
    {
        var health = new HealthReport
        {
            At = at,
            Peers = Count(summary.Peers),
            PeersHeard = Count(summary.PeersUp),
            BgpEstablished = Count(summary.BgpEstablished),
            Accepted = Count(summary.Prefixes),
            RxBytes = Bytes(summary.RxBytes, summary),
            TxBytes = Bytes(summary.TxBytes, summary),
        };
        return summary.Components is { } components ? WithMore(health, former, summary, components) : health;
    }

    private static HealthReport WithMore(HealthReport health, HealthReport? former, NodeSummary summary, ComponentHealths components) => health with
    {
        Components = new ComponentStates(ToState(components.Dataplane), ToState(components.Routing), ToState(components.Kernel)),
        Announced = Count(summary.Announced),
        Refused = Count(summary.Refused),
        BgpEstablished = summary.HasRoutingAgeMs ? health.BgpEstablished : null,
        Accepted = summary.HasRoutingAgeMs ? health.Accepted : null,
        NotUp = summary.NotUp is { } down ? new LinkTally(Count(down.NoAnswer), Count(down.NoSession), Count(down.NoDirectPath)) : null,
        Exceptions = summary.NotUp is null ? null : summary.Exceptions is { } exceptions ? ToReasons(exceptions) : former?.Exceptions,
        Unlisted = summary.Exceptions is { } listed ? Count(listed.Unlisted) : former?.Unlisted ?? 0,
        Figures = ImmutableDictionary<uint, LinkFigure>.Empty.SetItems(summary.Figures.Select(figure => KeyValuePair.Create(figure.NodeId, ToFigure(figure)))),
        Findings = summary.Findings is { } findings ? ToCounts(findings) : null,
        Rtt = summary.HasRttUs ? TimeSpan.FromMicroseconds(summary.RttUs) : null,
        Echoes = summary.Echoes,
        EchoesLost = Math.Min(summary.EchoesLost, summary.Echoes),
        DataplaneAge = summary.HasDataplaneAgeMs ? TimeSpan.FromMilliseconds(summary.DataplaneAgeMs) : null,
        RoutingAge = summary.HasRoutingAgeMs ? TimeSpan.FromMilliseconds(summary.RoutingAgeMs) : null,
    };

    private static ImmutableDictionary<uint, LinkReason> ToReasons(LinkExceptions exceptions) => ImmutableDictionary<uint, LinkReason>.Empty.SetItems(
        exceptions.Links.Select(link => KeyValuePair.Create(link.NodeId, ToReason(link.Reason))));

    // A newer agent may have further reasons; that the link is not up it says all the same.
    private static LinkReason ToReason(Contract.V1.LinkReason reason) => reason switch
    {
        Contract.V1.LinkReason.NoAnswer => LinkReason.NoAnswer,
        Contract.V1.LinkReason.NoSession => LinkReason.NoSession,
        Contract.V1.LinkReason.NoDirectPath => LinkReason.NoDirectPath,
        _ => LinkReason.Other,
    };

    /// <summary>Codes of a newer release, or that somebody made up, are one: what a node says must not fill the mesh's events.</summary>
    private static ImmutableSortedDictionary<string, int> ToCounts(FindingCounts findings) => findings.Found.DistinctBy(found => found.Code)
        .GroupBy(found => FindingKinds.Find(found.Code)?.Code ?? HealthReport.UnknownFinding)
        .ToImmutableSortedDictionary(same => same.Key, same => (int)Math.Min(same.Sum(found => (long)Count(found.Count)), int.MaxValue), StringComparer.Ordinal);

    private static ComponentState ToState(ComponentHealth health) =>
        health is >= ComponentHealth.Ok and <= ComponentHealth.Off ? (ComponentState)health : ComponentState.Unknown;

    private static LinkFigure ToFigure(Contract.V1.LinkFigure figure) =>
        new(figure.RttUs > 0 ? TimeSpan.FromMicroseconds(figure.RttUs) : null, figure.RxBytes, figure.TxBytes)
        {
            Mtu = (int)Math.Min(figure.Mtu, ushort.MaxValue),
            Family = figure.Family is 4 or 6 ? (int)figure.Family : 0,
        };

    // An agent that has not seen its data plane yet has counted nothing, which is not 0.
    private static ulong? Bytes(ulong count, NodeSummary summary) => summary.HasDataplaneAgeMs || summary.RxBytes > 0 || summary.TxBytes > 0 ? count : null;

    private static int Count(uint count) => (int)Math.Min(count, int.MaxValue / 8);
}
