using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Meshover.Agent.Diagnosing;
using Meshover.Agent.Reconciling;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reporting;

/// <summary>
/// When the summary is renewed: each 30 s, some sooner and some later lest all of a mesh do so at once; and as soon as the coarse state changes, at most
/// each 2 s. In a small mesh a link that goes or comes is such a change; in a large one it waits for the next summary: one node that goes off would
/// else be a message of every other. For one caller.
/// </summary>
internal sealed class Summariser(TimeProvider time, Func<NodeId, double?> rtt, Func<EchoTally>? echoes = null)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AtMostEach = TimeSpan.FromSeconds(2);
    private const double Jitter = 0.1;

    /// <summary>
    /// So long an agent that starts waits for the data plane and FRR to say how they are: what it does not know yet is not "0 of 1,000 links".
    /// </summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(20);

    /// <summary>So long what the data plane said last counts where it does not answer: one answer that is missed is no news.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(10);

    private (DataplaneStatus Status, DateTimeOffset At, TimeSpan Until)? _seen;
    private ReportSummary? _last;
    private TimeSpan _made;
    private TimeSpan _due;
    private TimeSpan? _planned;

    /// <returns>The newest, which may be the one before; null while there is no plan.</returns>
    public ReportSummary? Next(AgentState state, List<LinkStanding> links, Traffic traffic)
    {
        if (state.Plan is null)
            return _last;
        var now = time.Uptime();
        if (state.Dataplane is { } dataplane)
            _seen = (dataplane, state.DataplaneSeenAt, now + KeptFor);
        else if (_seen is { } seen && now < seen.Until)
        {
            state = state with { Dataplane = seen.Status, DataplaneSeenAt = seen.At };
            links = LinkStanding.Of(state);
        }
        _planned ??= now;
        if (_last is null && now < _planned + FirstLook && IsAwaited(state))
            return null;
        if (_last is not null && now < _due && (now < _made + AtMostEach || !IsNews(_last, state, links)))
            return _last;
        _made = now;
        _due = now + (Every * (1 + (Jitter * RandomNumberGenerator.GetInt32(-1000, 1001) / 1000)));
        return _last = Summarise(state, links, traffic);
    }

    private static bool IsAwaited(AgentState state) =>
        (state.Dataplane is null && StateOf(state, Wanted.Dataplane) != ComponentState.Off)
        || (state.RoutingRead is null && StateOf(state, Wanted.Routing) != ComponentState.Off);

    private static bool IsNews(ReportSummary last, AgentState state, List<LinkStanding> links) =>
        last.Coarse != Coarse(state) || (last.DataplaneAge is null) != (state.Dataplane is null) || (last.RoutingAge is null) != (state.RoutingRead is null)
        || (LinkStanding.AreKnown(state) && links.Count < ReportSummary.Few && !last.Exceptions.SequenceEqual(Exceptions(links)));

    private ReportSummary Summarise(AgentState state, List<LinkStanding> links, Traffic traffic)
    {
        var neighbors = (state.RoutingRead?.Neighbors ?? []).Where(neighbor => NodeId.IsLinkName(neighbor.Interface)).ToList();
        var areKnown = LinkStanding.AreKnown(state);
        ImmutableArray<LinkException> exceptions = areKnown ? Exceptions(links) : [];
        return new ReportSummary
        {
            Peers = state.Plan!.WireGuard.Peers.Length,
            // Transit nodes are elected by it: a data plane that does not answer for a moment moves no route.
            PeersUp = state.Dataplane is not null ? links.Count(link => link.IsHeard) : _last?.PeersUp ?? 0,
            BgpEstablished = neighbors.Count(neighbor => neighbor.BgpState == LinkStanding.Established),
            Prefixes = neighbors.Sum(neighbor => neighbor.PrefixesReceived),
            RxBytes = traffic.RxBytes ?? 0,
            TxBytes = traffic.TxBytes ?? 0,
            Coarse = Coarse(state),
            Findings = [.. state.Findings.GroupBy(finding => finding.Kind.Code).Select(code => (code.Key, code.Count())).OrderBy(code => code.Key, StringComparer.Ordinal)],
            NotUp = areKnown ? Tally(links) : null,
            // The same object where nothing changed.
            Exceptions = _last is { } last && last.Exceptions.SequenceEqual(exceptions) ? last.Exceptions : exceptions,
            Figures = state.Dataplane is not null && links.Count < ReportSummary.Few ? Figures(links, traffic) : [],
            Echoes = echoes?.Invoke() ?? default,
            DataplaneAge = Age(state.Dataplane is null, state.DataplaneSeenAt),
            RoutingAge = Age(state.RoutingRead is null, state.RoutingSeenAt),
        };
    }

    internal static CoarseState Coarse(AgentState state)
    {
        var me = Self(state);
        var granted = me is null ? 0 : state.Announced.Count(prefix => me.Grants.Any(grant => grant.Covers(prefix)));
        return new CoarseState
        {
            Dataplane = StateOf(state, Wanted.Dataplane),
            Routing = StateOf(state, Wanted.Routing),
            Kernel = StateOf(state, Wanted.Kernel),
            Announced = granted,
            Refused = me is null ? 0 : state.Announced.Length - granted,
            Findings = string.Join(' ', state.Findings.Where(finding => !HeldFindings.IsOfALink(finding.Kind)).Select(finding => finding.Kind.Code).Distinct().Order(StringComparer.Ordinal)),
        };
    }

    /// <summary>This node, as the map has it; null before there is one.</summary>
    internal static MeshNode? Self(AgentState state) => state is { Plan: { } plan, Map: { } map } ? map.Nodes.GetValueOrDefault(plan.Self) : null;

    internal static LinkTally Tally(List<LinkStanding> links) => new(
        links.Count(link => link.Reason == LinkReason.NoAnswer),
        links.Count(link => link.Reason == LinkReason.NoSession),
        links.Count(link => link.Reason == LinkReason.NoDirectPath));

    private static ImmutableArray<LinkException> Exceptions(List<LinkStanding> links) =>
    [
        .. links.Where(link => !link.IsUp).Select(link => new LinkException(link.Peer.Id, link.Reason))
            .OrderBy(link => link.Reason == LinkReason.NoDirectPath).ThenBy(link => link.Peer.Value).Take(ReportSummary.Few),
    ];

    private ImmutableArray<LinkFigure> Figures(List<LinkStanding> links, Traffic traffic) =>
    [
        .. links.Select(link =>
        {
            var (rx, tx) = traffic.Peers.GetValueOrDefault(link.Peer.Id);
            var measured = link.IsHeard ? rtt(link.Peer.Id) : null;
            return new LinkFigure(link.Peer.Id, measured is { } ms ? TimeSpan.FromMilliseconds(ms) : null, rx, tx)
            {
                Mtu = link.IsHeard ? link.Engine!.LinkMtu : 0,
                Family = link.IsHeard ? FamilyOf(link.Engine!.Endpoint) : 0,
            };
        }),
    ];

    private static int FamilyOf(IPEndPoint? endpoint) => endpoint?.Address switch
    {
        null => 0,
        { AddressFamily: AddressFamily.InterNetwork } or { IsIPv4MappedToIPv6: true } => 4,
        _ => 6,
    };

    private static ComponentState StateOf(AgentState state, string component) =>
        state.Applied.Reports.GetValueOrDefault(component)?.State ?? ComponentState.Starting;

    private TimeSpan? Age(bool isUnknown, DateTimeOffset seen)
    {
        var age = time.GetUtcNow() - seen;
        return isUnknown ? null : age < TimeSpan.Zero ? TimeSpan.Zero : age;
    }
}
