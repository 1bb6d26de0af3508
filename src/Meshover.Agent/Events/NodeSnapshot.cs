using System.Collections.Immutable;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Diagnosing;
using Meshover.Agent.Draining;
using Meshover.Agent.Reconciling.Kernel.Gathering;
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

    /// <summary>This node's, beside its first ones.</summary>
    public ImmutableHashSet<string> FurtherAddresses { get; init; } = [];

    /// <summary>Prefixes that had lapsed a short while ago.</summary>
    public ImmutableHashSet<string> Lapsed { get; init; } = [];

    /// <summary>Who has the packets of each gathered range, by hostname; empty: nobody. Null: the kernel was not looked at yet.</summary>
    public ImmutableDictionary<string, string>? Gathered { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Packets of a range that nobody has leave by this node's own default route.</summary>
    public bool FallsBack { get; init; }

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
    /// <param name="gathered">Who has what is gathered, as of the kernel's last pass.</param>
    public static NodeSnapshot Of(AgentState state, Diagnosed diagnosed, ImmutableDictionary<NodeId, string> members, GatherState gathered)
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
            FurtherAddresses = me is null ? [] : [.. me.FurtherAddresses.Select(further => $"{further.Address}")],
            Findings = diagnosed.Findings.Where(finding => !HeldFindings.IsOfALink(finding.Kind)).ToImmutableDictionary(finding => finding.Key),
            Lapsed = [.. state.Announcements.Sources.SelectMany(source => source.Declared).Where(one => one.HasLapsed).Select(one => $"{one.Prefix}")],
            Gathered = OwnersOf(state, gathered),
            FallsBack = state.Plan?.Kernel.Gathering.FallsBack == true,
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

    /// <summary>An agent that starts finds in the kernel who has the packets: before its first pass there that is not known.</summary>
    private static ImmutableDictionary<string, string>? OwnersOf(AgentState state, GatherState gathered) =>
        state.Plan is not { } plan || (gathered.Choices.IsEmpty && !plan.Kernel.Gathering.Ranges.IsEmpty)
            ? null
            : gathered.Choices.ToImmutableDictionary(choice => $"{choice.Range.Range}", choice => choice.Owner?.HostName ?? "", StringComparer.Ordinal);

    public static ImmutableDictionary<NodeId, string> MembersOf(MeshMap? map) =>
        map?.Nodes.Values.ToImmutableDictionary(node => node.Id, node => node.HostName) ?? ImmutableDictionary<NodeId, string>.Empty;
}
