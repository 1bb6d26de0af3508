using System.Collections.Immutable;
using Meshover.Agent.Announcing.Declared;
using Meshover.Agent.Announcing.Declared.Checks;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Reporting;
using Meshover.Mesh.Endpoints;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Map;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Diagnosing;

/// <summary>From all that the agent knows to what is wrong, by the catalogue. Pure; O(n).</summary>
internal static class NodeFindings
{
    private const string SettingsFile = "agent.yaml";
    private static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(1);

    /// <param name="state">What is known.</param>
    /// <param name="links">As <see cref="LinkView.Of"/> makes them of it.</param>
    /// <param name="ownKey">WireGuard's public key that this node declares; null while it changes.</param>
    /// <param name="now">By the wall clock.</param>
    /// <param name="sinceBoot">By <see cref="UptimeExtensions.SinceBoot"/>.</param>
    /// <returns>Each once.</returns>
    public static ImmutableArray<Finding> Of(AgentState state, List<LinkView> links, string? ownKey, DateTimeOffset now, TimeSpan sinceBoot) =>
    [
        .. Controller(state, now, sinceBoot)
            .Concat(Map(state))
            .Concat(Settings(state))
            .Concat(Components(state))
            .Concat(Announcements(state))
            .Concat(Routes(state))
            .Concat(Dataplane(state, ownKey))
            .Concat(Links(links))
            .DistinctBy(finding => finding.Key),
    ];

    private static IEnumerable<Finding> Controller(AgentState state, DateTimeOffset now, TimeSpan sinceBoot)
    {
        if (state.Link is LinkState.Unreachable or LinkState.Refused)
        {
            var kind = state.ControllerFault ?? (state.Link == LinkState.Refused ? FindingKinds.ControllerRefused : FindingKinds.ControllerUnreachable);
            yield return new Finding(kind, "", state.ControllerError.Length > 0 ? state.ControllerError : kind.Meaning);
        }
        if (state.ControllerClock is { } clock && (clock + sinceBoot - now) is var ahead && ahead.Duration() > MostSkew)
        {
            yield return new Finding(FindingKinds.ClockSkew, "",
                $"This machine's clock is {Words(ahead.Duration())} {(ahead > TimeSpan.Zero ? "behind" : "ahead of")} the controller's.");
        }
        foreach (var (kind, text) in state.Notices)
        {
            if (KindOf(kind) is { } known)
                yield return new Finding(known, "", text);
        }
        if (state.StateFault is { } fault)
            yield return fault;
        if (state.NamesFault is { } unserved)
            yield return unserved;
    }

    /// <summary>By the contract's names. What is not granted the node finds itself, prefix by prefix.</summary>
    private static FindingKind? KindOf(string notice) => notice switch
    {
        "CopiedState" => FindingKinds.CopiedState,
        "Removed" => FindingKinds.NodeRemoved,
        "NameTaken" => FindingKinds.NameTaken,
        "Twice" => FindingKinds.HostTwice,
        "SamePrefix" => FindingKinds.PrefixAnnouncedTwice,
        "NoPrefix" => FindingKinds.NoPrefixAssigned,
        "NotGranted" => null,
        _ => FindingKinds.ControllerNotice,
    };

    private static IEnumerable<Finding> Map(AgentState state)
    {
        if (state.Map is null)
            yield return new Finding(FindingKinds.NoMap, "");
        if (state.IsMapTooOld)
            yield return new Finding(FindingKinds.MapTooOld, "");
        if (state.PlanProblem.Length > 0)
            yield return new Finding(FindingKinds.PlanFailed, "", state.PlanProblem);
        foreach (var notice in state.OwnNotices)
            yield return new Finding(FindingKinds.MapFileDamaged, "", notice);
        if (state.Map is { SettingsProblem.Length: > 0 } map)
            yield return new Finding(FindingKinds.MapPartlyUnusable, "settings", OwnNotices.OfSettings(map));
        foreach (var (node, why) in state.Map?.LeftOut ?? ImmutableSortedDictionary<Mesh.Identity.NodeId, string>.Empty)
            yield return new Finding(FindingKinds.MapPartlyUnusable, $"node {node}", OwnNotices.OfLeftOut($"{node}", why));
        if (OfferedEndpoints.LeftOut(state.Offered.Count(offered => offered.Source == EndpointSource.Configured), state.Underlay?.Addresses.Length ?? 0) is { } leftOut)
            yield return new Finding(FindingKinds.EndpointsLeftOut, "", leftOut);
    }

    private static IEnumerable<Finding> Settings(AgentState state)
    {
        if (state.SettingsProblem.Length > 0)
            yield return new Finding(FindingKinds.SettingsRefused, SettingsFile, state.SettingsProblem);
    }

    private static IEnumerable<Finding> Components(AgentState state)
    {
        foreach (var (component, report) in state.Applied.Reports)
        {
            foreach (var finding in report.Findings)
                yield return finding;
            // Errors without a code are one finding: their words may have a number or an address in them, and be others each time.
            var others = string.Join(" ", report.Errors.Where(error => !report.Findings.Any(finding => finding.Text == error)));
            if (others.Length > 0)
                yield return new Finding(Generic(component), component, others);
        }
    }

    private static FindingKind Generic(string component) => component switch
    {
        Wanted.Dataplane => FindingKinds.DataplaneFailed,
        Wanted.Kernel => FindingKinds.KernelRefused,
        _ => FindingKinds.FrrFailed,
    };

    private static IEnumerable<Finding> Announcements(AgentState state)
    {
        foreach (var warning in state.Plan?.Warnings ?? [])
            yield return warning;
        if (Summariser.Self(state) is not { } me)
            yield break;
        foreach (var (source, text) in OwnNotices.OfRefused(state, me))
            yield return new Finding(FindingKinds.AnnouncementNotGranted, source, text);
        foreach (var declared in state.Announcements.Sources.SelectMany(source => source.Declared))
        {
            if (declared.IsFailing && declared.Reason != CheckVerdict.NotChecked)
                yield return new Finding(FindingKinds.AnnouncementCheckFailing, $"{declared.Prefix}", $"{declared.Prefix} is not announced: {declared.Reason}.");
            if (declared.HasLapsed)
                yield return new Finding(FindingKinds.AnnouncementLapsed, $"{declared.Prefix}", $"{declared.Prefix} had lapsed, as this agent was not heard in time.");
        }
        if (state.Drain is { IsForStop: false })
            yield return new Finding(FindingKinds.NodeDraining, "");
        // What sources find in the kernel comes and goes: a grant that they have nothing for just now is no news.
        if (state.Announcements.Sources.Any(source => source.Source is not (Announcing.ConfiguredAnnouncements.Name or DeclaredAnnouncements.Name)))
            yield break;
        var declares = state.Announcements.Sources.SelectMany(source => source.Declared).Select(one => one.Prefix).ToList();
        foreach (var grant in me.Grants.Where(grant => !state.Announced.Any(grant.Covers) && !declares.Any(grant.Covers)))
        {
            yield return new Finding(FindingKinds.GrantUnused, $"{grant.Prefix}",
                $"{grant.Prefix} is granted to this node, and nothing of it is announced. `meshover up --announce` announces it.");
        }
    }

    private static IEnumerable<Finding> Routes(AgentState state)
    {
        foreach (var conflict in OwnNotices.ConflictsOf(state))
        {
            yield return conflict.IsNotInstalled
                ? new Finding(FindingKinds.RouteNotInstalled, conflict.Prefix, $"FRR has chosen the mesh's route to {conflict.Prefix}, but the kernel does not have it.")
                : new Finding(FindingKinds.RouteShadowed, conflict.Prefix, OwnNotices.OfConflict(conflict));
        }
        if (state.RoutingRead is not { } routing)
            yield break;
        var seen = routing.Neighbors.ToDictionary(neighbor => neighbor.Interface, StringComparer.Ordinal);
        foreach (var neighbor in state.Plan?.Routing?.ExternalNeighbors ?? [])
        {
            if (seen.GetValueOrDefault(neighbor.Name) is { BgpState: not LinkStanding.Established } down)
                yield return new Finding(FindingKinds.NeighborDown, neighbor.Name, $"There is no BGP session with {neighbor.Name} (AS {neighbor.RemoteAs}): it is {down.BgpState}.");
        }
    }

    private static IEnumerable<Finding> Dataplane(AgentState state, string? ownKey)
    {
        if (state.Dataplane is not { } dataplane)
            yield break;
        if (ownKey is not null && dataplane.PublicKey is { } key && key.ToString() != ownKey)
            yield return new Finding(FindingKinds.KeyDiffers, "", $"The data plane runs under the WireGuard key {key}, while the mesh knows {ownKey}: no peer accepts it.");
        var running = PeerStatuses.Of(dataplane);
        var planned = (state.Plan?.Links ?? []).ToDictionary(link => link.Peer, link => link.Mtu);
        foreach (var peer in state.Plan?.WireGuard.Peers ?? [])
        {
            if (running.Find(peer) is { LinkMtu: > 0 and var mtu } && planned.TryGetValue(peer.Node, out var wanted) && mtu < wanted)
                yield return new Finding(FindingKinds.PathMtu, NameOf(state, peer.Node), $"The way to {NameOf(state, peer.Node)} is narrow: its link has an MTU of {mtu} instead of {wanted}.");
        }
    }

    private static string NameOf(AgentState state, Mesh.Identity.NodeId node) => state.Map?.Nodes.GetValueOrDefault(node)?.HostName ?? $"node {node}";

    /// <summary>That no peer is heard at all is one finding, however many they are.</summary>
    private static IEnumerable<Finding> Links(List<LinkView> links)
    {
        foreach (var link in links.Where(link => !link.IsAwaited))
        {
            if (link.Cause == FindingKinds.UnderlayCut)
                yield return new Finding(FindingKinds.UnderlayCut, "", $"None of {links.Count} peers is heard: this machine cannot send or receive UDP, or all of them are off.");
            else if (link.Cause is { } cause)
                yield return new Finding(cause, link.Peer.HostName, $"{link.Peer.HostName}: {cause.Meaning}");
        }
    }

    private static string Words(TimeSpan span) => span switch
    {
        { TotalDays: >= 2 } => $"{span.TotalDays:0} days",
        { TotalMinutes: >= 2 } => $"{span.TotalMinutes:0} min",
        _ => $"{span.TotalSeconds:0} s",
    };
}
