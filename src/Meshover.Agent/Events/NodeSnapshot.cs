using System.Collections.Immutable;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Diagnosing;
using Meshover.Agent.Draining;
using Meshover.Agent.Reporting;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Agent.Events;

/// <summary>What of a state events are made of.</summary>
internal sealed record NodeSnapshot
{
    public required ImmutableDictionary<NodeId, string> Members { get; init; }

    /// <summary>Null: too little is known to call a link up or not.</summary>
    public required ImmutableDictionary<NodeId, LinkView>? Links { get; init; }

    /// <summary>Each with whether it is granted.</summary>
    public required ImmutableDictionary<string, bool> Announced { get; init; }
    public required ImmutableHashSet<string> Grants { get; init; }

    /// <summary>Prefixes that had lapsed a short while ago.</summary>
    public ImmutableHashSet<string> Lapsed { get; init; } = [];

    /// <summary>Hostnames of nodes that are to be left, this one among them.</summary>
    public ImmutableHashSet<string> Draining { get; init; } = [];

    /// <summary>This node may be stopped.</summary>
    public bool IsDrained { get; init; }

    /// <summary>Without those of links, which are the causes of their events.</summary>
    public required ImmutableDictionary<(string Code, string Subject), Finding> Findings { get; init; }
    public required bool IsConnected { get; init; }
    public required string Controller { get; init; }

    /// <summary>What is wrong with the way to a controller; null: nothing, or it is not known.</summary>
    public FindingKind? ControllerFault { get; init; }

    /// <param name="state">What is known.</param>
    /// <param name="diagnosed">What is wrong with it.</param>
    /// <param name="members">As <see cref="MembersOf"/> makes them: they stay the same for long, and are many.</param>
    public static NodeSnapshot Of(AgentState state, Diagnosed diagnosed, ImmutableDictionary<NodeId, string> members)
    {
        var me = Summariser.Self(state);
        var isKnown = LinkStanding.AreKnown(state);
        return new NodeSnapshot
        {
            Members = members,
            Links = isKnown ? diagnosed.Links.ToImmutableDictionary(link => link.Peer.Id) : null,
            Announced = me is null ? ImmutableDictionary<string, bool>.Empty
                : state.Announced.ToImmutableDictionary(prefix => $"{prefix}", prefix => me.Grants.Any(grant => grant.Covers(prefix)), StringComparer.Ordinal),
            Grants = me is null ? [] : [.. me.Grants.Select(grant => grant.MaxLength == grant.Prefix.PrefixLength ? $"{grant.Prefix}" : $"{grant.Prefix},{grant.MaxLength}")],
            Findings = diagnosed.Findings.Where(finding => !HeldFindings.IsOfALink(finding.Kind)).ToImmutableDictionary(finding => finding.Key),
            Lapsed = [.. state.Announcements.Sources.SelectMany(source => source.Declared).Where(one => one.HasLapsed).Select(one => $"{one.Prefix}")],
            Draining =
            [
                .. (state.Map?.Nodes.Values ?? []).Where(node => node.IsDraining && node.Id != me?.Id).Select(node => node.HostName),
                .. state.Drain is null || me is null ? Array.Empty<string>() : [me.HostName],
            ],
            IsDrained = state.Drain is { Stage: DrainStage.Drained },
            IsConnected = state.Link == LinkState.Connected,
            Controller = state.Controller,
            ControllerFault = state.ControllerFault,
        };
    }

    public static ImmutableDictionary<NodeId, string> MembersOf(MeshMap? map) =>
        map?.Nodes.Values.ToImmutableDictionary(node => node.Id, node => node.HostName) ?? ImmutableDictionary<NodeId, string>.Empty;
}
