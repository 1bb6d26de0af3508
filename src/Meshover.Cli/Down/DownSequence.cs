using Meshover.Cli.Hosting;
using Meshover.Cli.Services;
using Meshover.Cli.Up;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Cli.Down;

/// <summary>
/// The steps of `down`: 1. FRR and the data plane are asked to end orderly, 2. whatever runs is ended, 3. the kernel is put back, 4. our
/// files go. Each step is done whether or not the one before found anything: any daemon may be dead already.
/// </summary>
internal sealed class DownSequence(NodePaths paths, INodeServices services, Action<string> say)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await services.StopAsync(cancellationToken);
        await StopFrrAsync(cancellationToken);
        await StopDataplaneAsync(cancellationToken);
        RemoveConfig();
        RemoveFiles();
        say("Down.");
    }

    private async Task StopFrrAsync(CancellationToken cancellationToken)
    {
        try
        {
            await new RoutingClient(paths.RoutingSocket).StopAsync(cancellationToken);
        }
        catch (RoutingException)
        {
            // Nobody there.
        }
    }

    private async Task StopDataplaneAsync(CancellationToken cancellationToken)
    {
        try
        {
            await new DataplaneClient(paths.DataplaneSocket).StopAsync(teardown: true, cancellationToken);
        }
        catch (DataplaneException)
        {
            // Nobody there.
        }
    }

    /// <summary>A file that somebody has changed is his.</summary>
    private void RemoveConfig()
    {
        if (!File.Exists(paths.ConfigFile))
            return;
        if (AgentYaml.IsOurs(File.ReadAllText(paths.ConfigFile)))
            File.Delete(paths.ConfigFile);
        else
            say($"{paths.ConfigFile} is your own and stays.");
    }

    private void RemoveFiles()
    {
        if (Directory.Exists(paths.RuntimeDirectory))
            Directory.Delete(paths.RuntimeDirectory, recursive: true);
        foreach (var file in (string[])[paths.MapFile, paths.TimestampFile])
            File.Delete(file);
    }
}
