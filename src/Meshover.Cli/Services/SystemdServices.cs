using System.Collections.Immutable;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Supervision;

namespace Meshover.Cli.Services;

/// <summary>One systemd unit per daemon, installed by `up` and removed by `down`.</summary>
internal sealed class SystemdServices(ISystemctl systemctl, string unitDirectory) : INodeServices
{
    public const string DefaultUnitDirectory = "/etc/systemd/system";

    public async Task StartAsync(ImmutableArray<string> daemons, CancellationToken cancellationToken)
    {
        var changed = false;
        foreach (var daemon in daemons)
            changed |= Install(daemon);
        if (changed)
            await systemctl.RunAsync(["daemon-reload"], cancellationToken);
        await RemoveAsync([.. DaemonNames.All.Except(daemons)], cancellationToken);
        await systemctl.RunAsync(["enable", "--now", .. daemons.Select(UnitName)], cancellationToken);
    }

    public bool Keeps(string daemon) => IsInstalled(daemon);

    public Task RestartAgentAsync(CancellationToken cancellationToken) =>
        systemctl.RunAsync(["restart", UnitName(DaemonNames.Agent)], cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => RemoveAsync(DaemonNames.All, cancellationToken);

    public static string UnitName(string daemon) => $"meshover-{daemon}.service";

    private string UnitPath(string daemon) => Path.Combine(unitDirectory, UnitName(daemon));

    private bool IsInstalled(string daemon) => File.Exists(UnitPath(daemon));

    /// <returns>Whether the unit was not there, or was another.</returns>
    private bool Install(string daemon)
    {
        var unit = UnitFile.Render(daemon, Environment.ProcessPath ?? "/usr/bin/meshover");
        if (IsInstalled(daemon) && File.ReadAllText(UnitPath(daemon)) == unit)
            return false;
        File.WriteAllText(UnitPath(daemon), unit);
        return true;
    }

    /// <summary>Those of them that are installed. One that cannot be stopped keeps no other: what failed is told when all were tried.</summary>
    /// <exception cref="CliException">systemd refused.</exception>
    private async Task RemoveAsync(ImmutableArray<string> daemons, CancellationToken cancellationToken)
    {
        var installed = daemons.Where(IsInstalled).ToImmutableArray();
        var failures = new List<CliException>();
        foreach (var daemon in installed)
        {
            try
            {
                await systemctl.RunAsync(["disable", "--now", UnitName(daemon)], cancellationToken);
                File.Delete(UnitPath(daemon));
            }
            catch (CliException e)
            {
                failures.Add(e);
            }
        }
        if (!installed.IsEmpty)
            await systemctl.RunAsync(["daemon-reload"], cancellationToken);
        if (failures.Count > 0)
            throw new CliException(string.Join(" ", failures.Select(failure => failure.Message)));
    }
}
