using System.Collections.Immutable;
using System.Net;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Trust;
using Meshover.Cli.Hosting;
using Meshover.Mesh.Trust;

namespace Meshover.Cli.Up;

/// <summary>What a machine says of itself when it joins, from its configuration.</summary>
internal static class EnrolmentSettings
{
    public static EnrolmentOptions Of(AgentConfig config, NodePaths paths) => new()
    {
        StateDirectory = paths.StateDirectory,
        HostName = config.HostName ?? Dns.GetHostName(),
        ListenPort = config.ListenPort,
        Site = config.Site,
        UnderlayInterfaces = config.Interfaces,
        Announce = config.Announce,
    };

    /// <summary>The controllers that the configuration names count instead of the join string's.</summary>
    public static JoinString Through(AgentConfig config, JoinString join) =>
        config.Controllers.IsEmpty ? join : join with { Controllers = config.Controllers };

    /// <summary>
    /// The controllers that this machine's configuration names, also while it is down; none where that cannot be used, as a node must be
    /// able to leave all the same.
    /// </summary>
    public static ImmutableArray<string> Controllers(NodePaths paths)
    {
        try
        {
            var file = File.Exists(paths.ConfigFile) ? File.ReadAllText(paths.ConfigFile) : null;
            return DesiredSettings.Of(paths.ConfigFile, file, new IdentityStore(paths.StateDirectory).Load()?.Settings, []).Config.Controllers;
        }
        catch (Exception e) when (e is ConfigurationException or AgentException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
