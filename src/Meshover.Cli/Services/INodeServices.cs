using System.Collections.Immutable;

namespace Meshover.Cli.Services;

/// <summary>What keeps the node's daemons running: systemd, or one detached `meshover run`.</summary>
internal interface INodeServices
{
    /// <summary>Starts the daemons named, and keeps those that run already.</summary>
    Task StartAsync(ImmutableArray<string> daemons, CancellationToken cancellationToken);

    /// <summary>Whether it keeps this daemon, which may be dead at this moment and about to be started again.</summary>
    bool Keeps(string daemon);

    /// <summary>Makes the agent read its configuration again. No packet notices.</summary>
    Task RestartAgentAsync(CancellationToken cancellationToken);

    /// <summary>Ends what keeps them, and the daemons; nothing starts again by itself. Nothing to do where nothing runs.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}
