using Meshover.Agent.Announcing;
using Meshover.Mesh.Map;
using Meshover.Routing.Supervision;

namespace Meshover.Agent.Diagnosing;

/// <summary>The words of what the agent itself has to say: of findings, and of the notices of `status`.</summary>
internal static class OwnNotices
{
    public static string OfSettings(MeshMap map) =>
        $"The controller sent settings of the mesh that cannot be used ({map.SettingsProblem}): this node keeps the former ones.";

    public static string OfLeftOut(string node, string why) => $"What the controller sent about node {node} cannot be used ({why}): this node goes on without it.";

    /// <summary>What several nodes announce, each of them has: its own way is meant to come first.</summary>
    public static IEnumerable<RouteConflict> ConflictsOf(AgentState state) =>
        (state.Routing?.Conflicts ?? []).Where(conflict => !state.Announced.Any(prefix => $"{prefix}" == conflict.Prefix));

    public static string OfConflict(RouteConflict conflict) =>
        $"The mesh's route to {conflict.Prefix} is not used: this machine has its own, which comes first ({conflict.By}"
        + $"{(conflict.Interface.Length > 0 ? $", by {conflict.Interface}" : "")}). Take that away if the mesh is meant; else nothing is amiss.";

    /// <summary>One sentence a source: it may have thousands of prefixes. Of the configuration's the planner says it.</summary>
    public static IEnumerable<(string Source, string Text)> OfRefused(AgentState state, MeshNode me)
    {
        foreach (var source in state.Announcements.Sources.Where(source => source.Source != ConfiguredAnnouncements.Name))
        {
            var refused = source.Announcements.Select(announcement => announcement.Prefix).Where(prefix => !me.Grants.Any(grant => grant.Covers(prefix))).ToList();
            if (refused.Count > 0)
            {
                yield return (source.Source, $"{source.Source}: {(refused.Count == 1 ? $"{refused[0]} is" : $"{refused[0]} and {refused.Count - 1} more are")} not granted, and so not announced. "
                    + $"An administrator grants with `meshover grant add {me.HostName} PREFIX --max-length LENGTH`.");
            }
        }
    }
}
