using System.Collections.Immutable;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Config;

/// <summary>What one daemon would be told to come from one configuration to another: commands under their contexts, a line each.</summary>
/// <param name="Daemon">Its name.</param>
/// <param name="Removals">Said first; empty: nothing goes.</param>
/// <param name="Additions">Said then, and behind it what route-maps go; empty: neither.</param>
public sealed record FrrDifference(string Daemon, string Removals, string Additions)
{
    /// <summary>Of those daemons that would be told anything, in the order in which they would be.</summary>
    public static ImmutableArray<FrrDifference> Between(FrrConfig running, FrrConfig wanted) =>
    [
        .. FrrDaemon.All.Select(daemon => (daemon.Name, Difference: ConfigDifference.Between(daemon.Text(running), daemon.Text(wanted))))
            .Where(each => each.Difference.Commands > 0)
            .Select(each => new FrrDifference(each.Name, each.Difference.Removals, each.Difference.Additions)),
    ];
}
