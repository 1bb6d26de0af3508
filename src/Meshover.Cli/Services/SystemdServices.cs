using System.Collections.Immutable;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Supervision;

namespace Meshover.Cli.Services;

/// <summary>
/// One systemd unit per daemon. Where a package of this program has brought them they are only enabled and disabled; else `up` writes them
/// and `down` removes them. systemd prefers the administrator's directory, so one of ours there would hide the package's for ever.
/// </summary>
/// <param name="systemctl">systemd.</param>
/// <param name="unitDirectory">The administrator's units.</param>
/// <param name="packagedDirectory">The distribution's units; null where this program is not the package's.</param>
internal sealed class SystemdServices(ISystemctl systemctl, string unitDirectory, string? packagedDirectory) : INodeServices
{
    public const string DefaultUnitDirectory = "/etc/systemd/system";
    public const string JoinUnit = "meshover-join.service";
    private const string DistributionsUnits = "/usr/lib/systemd/system";

    /// <summary>Where the packages put the program (deploy/package); /usr/bin/meshover is a link to it.</summary>
    private const string PackagedProgram = "/usr/lib/meshover/meshover";

    /// <summary>The machine's own.</summary>
    public static SystemdServices OfThisMachine() =>
        new(new SystemctlProcess(), DefaultUnitDirectory, Environment.ProcessPath == PackagedProgram ? DistributionsUnits : null);

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

    /// <summary>A package's unit lies there unused until `up` enables it.</summary>
    public bool Keeps(string daemon) =>
        IsPackaged(daemon) ? Path.Exists(Path.Combine(unitDirectory, "multi-user.target.wants", UnitName(daemon))) : IsInstalled(daemon);

    public Task RestartAgentAsync(CancellationToken cancellationToken) =>
        systemctl.RunAsync(["restart", UnitName(DaemonNames.Agent)], cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (packagedDirectory is not null && File.Exists(Path.Combine(packagedDirectory, JoinUnit)))
            await systemctl.RunAsync(["stop", JoinUnit], cancellationToken); // it would bring the node up again
        await RemoveAsync(DaemonNames.All, cancellationToken);
    }

    public static string UnitName(string daemon) => $"meshover-{daemon}.service";

    private string UnitPath(string daemon) => Path.Combine(unitDirectory, UnitName(daemon));

    private bool IsPackaged(string daemon) => packagedDirectory is not null && File.Exists(Path.Combine(packagedDirectory, UnitName(daemon)));

    private bool IsInstalled(string daemon) => File.Exists(UnitPath(daemon)) || IsPackaged(daemon);

    /// <returns>Whether systemd has to read its units anew.</returns>
    private bool Install(string daemon)
    {
        if (IsPackaged(daemon))
            return Uninstall(daemon);
        var unit = UnitFile.Render(daemon, Environment.ProcessPath ?? "/usr/bin/meshover");
        if (File.Exists(UnitPath(daemon)) && File.ReadAllText(UnitPath(daemon)) == unit)
            return false;
        File.WriteAllText(UnitPath(daemon), unit);
        return true;
    }

    /// <summary>Removes what `up` wrote. What an administrator wrote in the place of a package's is his.</summary>
    /// <returns>Whether there was something.</returns>
    private bool Uninstall(string daemon)
    {
        var path = UnitPath(daemon);
        if (!File.Exists(path) || (IsPackaged(daemon) && !UnitFile.IsOurs(File.ReadAllText(path), daemon)))
            return false;
        File.Delete(path);
        return true;
    }

    /// <summary>Those of them that are installed. One that cannot be stopped keeps no other: what failed is told when all were tried.</summary>
    /// <exception cref="CliException">systemd refused.</exception>
    private async Task RemoveAsync(ImmutableArray<string> daemons, CancellationToken cancellationToken)
    {
        var installed = daemons.Where(IsInstalled).ToImmutableArray();
        var failures = new List<CliException>();
        var changed = false;
        foreach (var daemon in installed)
        {
            try
            {
                await systemctl.RunAsync(["disable", "--now", UnitName(daemon)], cancellationToken);
                changed |= Uninstall(daemon);
            }
            catch (CliException e)
            {
                failures.Add(e);
            }
        }
        if (changed)
            await systemctl.RunAsync(["daemon-reload"], cancellationToken);
        if (failures.Count > 0)
            throw new CliException(string.Join(" ", failures.Select(failure => failure.Message)));
    }
}
