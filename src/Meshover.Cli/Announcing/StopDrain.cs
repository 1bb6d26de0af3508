using Grpc.Core;
using Meshover.Agent.Configuration;
using Meshover.Cli.Hosting;
using Meshover.Contract.V1;

namespace Meshover.Cli.Announcing;

/// <summary>Before a node is stopped: what other nodes announce, too, is left to them. It takes no time where there is nothing of that kind.</summary>
internal static class StopDrain
{
    /// <summary>Never fails, and takes no longer than the settings allow: whoever stops a node has decided that.</summary>
    public static async Task RunAsync(NodePaths paths, int seconds, CancellationToken cancellationToken)
    {
        if (seconds == 0 || !File.Exists(paths.AgentSocket))
            return;
        using var channel = LocalChannel.Open(paths.AgentSocket);
        try
        {
            var deadline = (TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(seconds)).UtcDateTime;
            await new LocalService.LocalServiceClient(channel).DrainAsync(new DrainRequest { Wait = true, ForStop = true }, deadline: deadline, cancellationToken: cancellationToken);
        }
        catch (RpcException)
        {
            // No agent, one that is older, or not in time.
        }
    }

    /// <inheritdoc cref="RunAsync(NodePaths, int, CancellationToken)"/>
    public static Task RunAsync(NodePaths paths, CancellationToken cancellationToken)
    {
        try
        {
            return RunAsync(paths, AgentConfigFile.Load(paths.ConfigFile).DrainOnStop, cancellationToken);
        }
        catch (ConfigurationException)
        {
            return RunAsync(paths, AgentConfig.Default.DrainOnStop, cancellationToken);
        }
    }
}
