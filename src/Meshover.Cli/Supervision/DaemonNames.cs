using System.Collections.Immutable;
using Meshover.Agent.Configuration;

namespace Meshover.Cli.Supervision;

/// <summary>The daemons of a node, which are also the names of their commands.</summary>
internal static class DaemonNames
{
    public const string Agent = "agent";
    public const string Routing = "routing";
    public const string Dataplane = "dataplane";
    public const string Dns = "dns";

    /// <summary>The supervisor.</summary>
    public const string Run = "run";

    /// <summary>In the order in which they are stopped.</summary>
    public static ImmutableArray<string> All { get; } = [Agent, Routing, Dataplane, Dns];

    /// <summary>Those that this configuration has.</summary>
    public static ImmutableArray<string> Of(AgentConfig config) =>
    [
        Agent,
        .. config.Routing == RoutingChoice.Off ? (ReadOnlySpan<string>)[] : [Routing],
        .. config.Dataplane is DataplaneChoice.Off or DataplaneChoice.Kernel ? (ReadOnlySpan<string>)[] : [Dataplane],
        .. config.Dns ? [Dns] : (ReadOnlySpan<string>)[],
    ];
}
