using System.Collections.Immutable;
using System.Globalization;
using Meshover.Agent.Configuration;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Mesh.Identity;
using Meshover.Metrics;

namespace Meshover.Agent.Scraping;

/// <summary>
/// The agent's state as metrics. It asks nobody: what the data plane and FRR said last is a second and 15 s old at most, and how old it is is among
/// the metrics. Per peer there are five series, so a thousand peers are some 5,050.
/// </summary>
/// <param name="config">For the detail per peer.</param>
/// <param name="rtt">Milliseconds; null: not known.</param>
/// <param name="gathered">Who has what is gathered, as of the kernel's last pass.</param>
internal sealed class AgentPage(AgentConfig config, Func<NodeId, double?> rtt, Func<GatherState> gathered)
{
    /// <summary>Without a word of the operator's, each peer is told of in a mesh up to so large.</summary>
    private const int FewPeers = 64;

    /// <summary>Of one range, in the order in which they are asked. A range may have as many as the mesh has nodes; there are at most 80 ranges.</summary>
    private const int MostOwners = 8;

    private static readonly (ComponentState State, string Name)[] States =
        [(ComponentState.Ok, "ok"), (ComponentState.Starting, "starting"), (ComponentState.Degraded, "degraded"), (ComponentState.Failed, "failed"), (ComponentState.Off, "off")];

    public ExpositionWriter Build(AgentState state, Traffic traffic, NodeIdentity identity, DateTimeOffset now)
    {
        var writer = new ExpositionWriter();
        var links = LinkStanding.Of(state);
        writer.Single(AgentMetrics.Build, 1, AgentHello.Version);
        WriteNode(writer, state, identity, now);
        WriteComponents(writer, state);
        WriteFindings(writer, state);
        WriteLinks(writer, state, links);
        WriteRouting(writer, state);
        WriteGathering(writer, gathered().Choices, state.Plan?.Kernel.Gathering.FallsBack == true);
        WriteTraffic(writer, traffic);
        WriteAges(writer, state, now);
        if (config.MetricsPeers == PeerDetail.All || (config.MetricsPeers == PeerDetail.Auto && links.Count <= FewPeers))
            WritePeers(writer, state, links, traffic);
        ProcessMetrics.Write(writer);
        return writer;
    }

    private void WriteNode(ExpositionWriter writer, AgentState state, NodeIdentity identity, DateTimeOffset now)
    {
        if (identity.Numbers is { } numbers)
        {
            var kinds = state.Applied.Reports;
            writer.Single(AgentMetrics.Node, 1, identity.HostName, config.Site, numbers.Asn.Value.ToString(CultureInfo.InvariantCulture),
                kinds.GetValueOrDefault(Wanted.Dataplane)?.Kind ?? "", state.Routing?.FrrVersion ?? "");
        }
        writer.Single(AgentMetrics.Connected, state.Link == LinkState.Connected ? 1.0 : 0.0)
            .Single(AgentMetrics.MapAge, state is { Map: not null, LastHeard: { } heard } ? Seconds(now - heard) : null)
            .Single(AgentMetrics.MapRevision, (double?)state.Map?.Revision)
            .Single(AgentMetrics.Credential, identity.CredentialExpires > 0 ? identity.CredentialExpires : null);
    }

    private static void WriteComponents(ExpositionWriter writer, AgentState state)
    {
        writer.Begin(AgentMetrics.Component);
        foreach (var component in Wanted.Components)
        {
            var at = state.Applied.Reports.GetValueOrDefault(component)?.State ?? ComponentState.Starting;
            foreach (var (known, name) in States)
                writer.Sample(at == known ? 1 : 0, component, name);
        }
    }

    /// <summary>Of the whole catalogue, as many series at most.</summary>
    private static void WriteFindings(ExpositionWriter writer, AgentState state)
    {
        writer.Begin(AgentMetrics.Findings);
        foreach (var kind in state.Findings.GroupBy(finding => finding.Kind).OrderBy(kind => kind.Key.Code, StringComparer.Ordinal))
            writer.Sample(kind.Count(), kind.Key.Code, kind.Key.SeverityWord);
    }

    private static void WriteLinks(ExpositionWriter writer, AgentState state, List<LinkStanding> links)
    {
        writer.Single(AgentMetrics.Peers, state is { Plan: not null, Map: not null } ? links.Count : (double?)null);
        if (!LinkStanding.AreKnown(state))
            return;
        var down = Summariser.Tally(links);
        writer.Single(AgentMetrics.PeersUp, (double)(links.Count - down.Total))
            .Begin(AgentMetrics.PeersNotUp)
            .Sample(down.NoAnswer, "no-answer").Sample(down.NoSession, "no-session").Sample(down.NoDirectPath, "no-direct-path");
    }

    private static void WriteRouting(ExpositionWriter writer, AgentState state)
    {
        var coarse = Summariser.Coarse(state);
        if (Summariser.Self(state) is not null)
            writer.Single(AgentMetrics.Announced, (double)coarse.Announced).Single(AgentMetrics.Refused, (double)coarse.Refused);
        if (state.RoutingRead is not { } routing)
            return;
        var mesh = routing.Neighbors.Where(neighbor => NodeId.IsLinkName(neighbor.Interface)).ToList();
        writer.Single(AgentMetrics.Sessions, (double)mesh.Count)
            .Single(AgentMetrics.Established, (double)mesh.Count(neighbor => neighbor.BgpState == LinkStanding.Established))
            .Single(AgentMetrics.Accepted, (double)mesh.Sum(neighbor => neighbor.PrefixesReceived));
        var outside = (state.Plan?.Routing?.ExternalNeighbors ?? []).Select(wanted => wanted.Name).ToList();
        var seen = routing.Neighbors.ToDictionary(neighbor => neighbor.Interface, StringComparer.Ordinal);
        writer.Begin(AgentMetrics.OutsideUp);
        foreach (var name in outside)
            writer.Sample(seen.GetValueOrDefault(name)?.BgpState == LinkStanding.Established ? 1 : 0, name);
        writer.Begin(AgentMetrics.OutsideAccepted);
        foreach (var name in outside.Where(seen.ContainsKey))
            writer.Sample(seen[name].PrefixesReceived, name);
    }

    private static void WriteGathering(ExpositionWriter writer, ImmutableArray<GatherChoice> choices, bool fallsBack)
    {
        writer.Single(AgentMetrics.Gathered, (double)choices.Length).Begin(AgentMetrics.GatherOwner);
        foreach (var choice in choices)
        {
            foreach (var owner in choice.Range.Owners.Where((owner, place) => place < MostOwners || owner == choice.Owner))
                writer.Sample(owner == choice.Owner ? 1 : 0, $"{choice.Range.Range}", owner.HostName);
        }
        Each(AgentMetrics.GatherUsable, choice => choice.Usable.Length);
        Each(AgentMetrics.GatherPath, choice => choice switch
        {
            { Owner: null } => 0,
            { Owner.IsSelf: true } => 3,
            { Way.IsDirect: true } => 2,
            _ => 1,
        });
        Each(AgentMetrics.GatherFallback, choice => choice.Owner is null && fallsBack ? 1 : 0);

        void Each(Metric metric, Func<GatherChoice, int> value)
        {
            writer.Begin(metric);
            foreach (var choice in choices)
                writer.Sample(value(choice), $"{choice.Range.Range}");
        }
    }

    private static void WriteTraffic(ExpositionWriter writer, Traffic traffic)
    {
        writer.Single(AgentMetrics.Received, (double?)traffic.RxBytes)
            .Single(AgentMetrics.Transmitted, (double?)traffic.TxBytes)
            .Single(AgentMetrics.FrrRestarts, (double?)traffic.FrrRestarts)
            .Begin(AgentMetrics.Drops);
        foreach (var (reason, count) in traffic.Drops.OrderBy(drop => drop.Key, StringComparer.Ordinal))
            writer.Sample(count, Dashed(reason));
    }

    private static void WriteAges(ExpositionWriter writer, AgentState state, DateTimeOffset now) => writer
        .Single(AgentMetrics.DataplaneAge, state.Dataplane is null ? null : Seconds(now - state.DataplaneSeenAt))
        .Single(AgentMetrics.RoutingAge, state.RoutingRead is null ? null : Seconds(now - state.RoutingSeenAt));

    private void WritePeers(ExpositionWriter writer, AgentState state, List<LinkStanding> links, Traffic traffic)
    {
        var isKnown = LinkStanding.AreKnown(state);
        writer.Begin(AgentMetrics.PeerUp);
        foreach (var link in links.Where(_ => isKnown))
            writer.Sample(link.IsUp ? 1 : 0, link.Peer.HostName);
        writer.Begin(AgentMetrics.PeerReceived);
        foreach (var link in links.Where(link => traffic.Peers.ContainsKey(link.Peer.Id)))
            writer.Sample(traffic.Peers[link.Peer.Id].Rx, link.Peer.HostName);
        writer.Begin(AgentMetrics.PeerTransmitted);
        foreach (var link in links.Where(link => traffic.Peers.ContainsKey(link.Peer.Id)))
            writer.Sample(traffic.Peers[link.Peer.Id].Tx, link.Peer.HostName);
        writer.Begin(AgentMetrics.PeerRtt);
        foreach (var link in links)
        {
            if (link.IsHeard && rtt(link.Peer.Id) is { } milliseconds)
                writer.Sample(milliseconds / 1000, link.Peer.HostName);
        }
        writer.Begin(AgentMetrics.PeerCost);
        foreach (var neighbor in state.Plan?.Routing?.Neighbors ?? [])
            writer.Sample(neighbor.Cost, neighbor.HostName);
    }

    /// <summary>MalformedPacket -> malformed-packet.</summary>
    private static string Dashed(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(c) : c.ToString()));

    private static double Seconds(TimeSpan age) => Math.Max(0, age.TotalSeconds);
}
