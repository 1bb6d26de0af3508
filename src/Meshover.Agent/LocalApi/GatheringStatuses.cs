using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Contract.V1;
using Meshover.Mesh.Planning;
using Owner = Meshover.Mesh.Gathering.GatherOwner;
using WireGathering = Meshover.Contract.V1.Gathering;

namespace Meshover.Agent.LocalApi;

/// <summary>Who has the packets of each gathered range, on this node, and why.</summary>
internal static class GatheringStatuses
{
    /// <param name="gathered">As of the kernel's last pass.</param>
    /// <param name="plan">For the names of the others; null: there is none yet.</param>
    public static IEnumerable<WireGathering> Of(GatherState gathered, NodePlan? plan)
    {
        var names = (plan?.Links ?? []).ToDictionary(link => link.Name, link => link.Alias, StringComparer.Ordinal);
        return gathered.Choices.Select(choice => Status(choice, names));
    }

    private static WireGathering Status(GatherChoice choice, Dictionary<string, string> names) => new()
    {
        Prefix = choice.Range.Range.ToString(),
        Owners = { choice.Range.Owners.Select(owner => Status(owner, choice)) },
        Owner = choice.Owner?.HostName ?? "",
        Path = choice switch
        {
            { Owner: null } => "none",
            { Owner.IsSelf: true } => "here",
            { Way.IsDirect: true } => "direct",
            _ => "transit",
        },
        Reason = choice switch
        {
            { Owner: null } => "None of its owners can take the packets.",
            { Owner.IsFailing: true } => "The gather-check fails at every owner that is reached.",
            { Owner.IsSelf: false, Way: { IsDirect: false } way } => $"By way of {string.Join(", ", way.Links.Select(link => names.GetValueOrDefault(link, link)).Order(StringComparer.Ordinal))}.",
            _ => "",
        },
    };

    private static GatherOwner Status(Owner owner, GatherChoice choice) => new()
    {
        Hostname = owner.HostName,
        Priority = (uint)owner.Priority,
        Usable = choice.Usable.Contains(owner),
        Reason = choice.Usable.Contains(owner) ? "" : owner.IsFailing ? "Its gather-check fails." : "No route leads to it.",
    };
}
