using Meshover.Linux.Processes;
using Meshover.Mesh.Findings;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Backends;

/// <summary>
/// One way to run FRR's daemons, in our network namespace. Whichever it is, they are processes that /proc shows, so that watching, signals and
/// death are the same for all; and their files are ours, under the same paths (docs/decisions/084).
/// </summary>
internal interface IFrrBackend
{
    /// <summary>What would keep FRR from running there, with what to do; changes nothing.</summary>
    Task<IReadOnlyList<Finding>> FindProblemsAsync(CancellationToken ct);

    /// <summary>Makes ready whatever the daemons need besides their files. What runs meanwhile is not touched.</summary>
    /// <exception cref="RoutingException">They could not run there; nothing of it stays.</exception>
    Task<IFrrHome> PrepareAsync(CancellationToken ct);

    /// <summary>Where daemons run that a former process of ours left. Null where they do not run as <see cref="PrepareAsync"/> would have it now.</summary>
    Task<IFrrHome?> FindAsync(IReadOnlyCollection<ProcessIdentity> daemons, CancellationToken ct);

    /// <summary>Takes away what was made for FRR, with all that runs there.</summary>
    /// <param name="except">Stays; null: nothing does.</param>
    /// <exception cref="RoutingException">Something could not be taken away.</exception>
    Task ClearAsync(IFrrHome? except, CancellationToken ct);
}

/// <summary>A place in which FRR's daemons run, or can be started.</summary>
internal interface IFrrHome
{
    /// <summary>Of the release that is there.</summary>
    FrrFeatures Features { get; }

    /// <summary>Whom their files belong to.</summary>
    FrrOwner Owner { get; }

    /// <summary>How its vtysh is started from here; arguments come after it.</summary>
    /// <exception cref="RoutingException">It is not there any more.</exception>
    ToolCommand Vtysh { get; }

    /// <summary>Starts a daemon, which outlives us.</summary>
    /// <exception cref="RoutingException">It could not be started.</exception>
    Task<ProcessIdentity> StartAsync(FrrDaemon daemon, IReadOnlyList<string> arguments, CancellationToken ct);

    /// <summary>Takes away this one, with all that runs there, and no other.</summary>
    /// <exception cref="RoutingException">It could not be taken away.</exception>
    Task RemoveAsync(CancellationToken ct);
}

/// <summary>A program and the arguments that come first.</summary>
internal sealed record ToolCommand(string Program, params IReadOnlyList<string> Arguments);
