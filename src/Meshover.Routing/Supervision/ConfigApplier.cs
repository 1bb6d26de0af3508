using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>Gives running daemons the difference between two configurations.</summary>
internal sealed class ConfigApplier(VtyshRunner vtysh)
{
    /// <summary>Checks the words of those daemons' configurations that change.</summary>
    /// <exception cref="RoutingException">FRR does not know a line; nothing was changed.</exception>
    public async Task CheckAsync(FrrConfig? running, FrrConfig wanted, CancellationToken ct)
    {
        foreach (var daemon in FrrDaemon.All)
            if (running is null || daemon.Text(running) != daemon.Text(wanted)) await vtysh.CheckAsync(daemon.Name, daemon.Text(wanted), ct);
    }

    /// <returns>How many commands it took.</returns>
    /// <exception cref="RemovalRefusedException">FRR would not take a line away; how far it came is not known.</exception>
    /// <exception cref="RoutingException">FRR refused a new line; how far it came is not known.</exception>
    public async Task<int> ApplyAsync(FrrConfig running, FrrConfig wanted, CancellationToken ct)
    {
        var commands = 0;
        foreach (var daemon in FrrDaemon.All)
        {
            var difference = ConfigDifference.Between(daemon.Text(running), daemon.Text(wanted));
            await RemoveAsync(daemon, difference.Removals, ct);
            await vtysh.ConfigureAsync(daemon.Name, difference.Additions, ct);
            commands += difference.Commands;
        }
        return commands;
    }

    private async Task RemoveAsync(FrrDaemon daemon, string lines, CancellationToken ct)
    {
        try
        {
            await vtysh.ConfigureAsync(daemon.Name, lines, ct);
        }
        catch (RoutingException e)
        {
            throw new RemovalRefusedException(e.Message);
        }
    }
}

/// <summary>A line cannot be taken away by its <c>no</c> form: FRR must start anew, which loses no packet.</summary>
internal sealed class RemovalRefusedException(string message) : Exception(message);
