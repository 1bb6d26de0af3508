using System.Collections.Immutable;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Config;

/// <summary>What one daemon would be told to come from one configuration to another: commands under their contexts, a line each.</summary>
/// <param name="Daemon">Its name.</param>
/// <param name="Removals">Said first; empty: nothing goes.</param>
/// <param name="Additions">Said then; empty: nothing comes.</param>
/// <param name="Leftovers">Said last: route-maps and lists that nothing refers to any more; empty: there are none.</param>
public sealed record FrrDifference(string Daemon, string Removals, string Additions, string Leftovers)
{
    /// <summary>Of those daemons that would be told anything, in the order in which they would be.</summary>
    public static ImmutableArray<FrrDifference> Between(FrrConfig running, FrrConfig wanted) =>
    [
        .. FrrDaemon.All.Select(daemon => (daemon.Name, Difference: ConfigDifference.Between(daemon.Text(running), daemon.Text(wanted))))
            .Where(each => each.Difference.Commands > 0)
            .Select(each => new FrrDifference(each.Name, each.Difference.Removals, each.Difference.Additions, each.Difference.Leftovers)),
    ];
}
