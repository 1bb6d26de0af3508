using System.Text.RegularExpressions;
using Meshover.Routing.Backends;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging;

namespace Meshover.Routing.Supervision;

/// <summary>Gives running daemons the difference between two configurations.</summary>
internal sealed partial class ConfigApplier(VtyshRunner vtysh, VtySocket vty, ILogger logger)
{
    private static readonly TimeSpan _leaveWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _smallWithin = TimeSpan.FromSeconds(10);

    /// <summary>As many as are surely written in one go.</summary>
    private const int MostAtOnce = 256;

    /// <summary>
    /// Checks the words of those daemons' configurations that change. A small change has none that could be wrong.
    /// </summary>
    /// <param name="home">Where the configuration is to run; null: where FRR runs.</param>
    /// <exception cref="RoutingException">FRR does not know a line; nothing was changed.</exception>
    public async Task CheckAsync(FrrConfig? running, FrrConfig wanted, IFrrHome? home, CancellationToken ct)
    {
        if (running is not null && SmallChange(running, wanted) is not null) return;
        foreach (var daemon in FrrDaemon.All)
            if (running is null || daemon.Text(running) != daemon.Text(wanted)) await vtysh.CheckAsync(daemon.Name, daemon.Text(wanted), home, ct);
    }

    /// <returns>How many commands it took.</returns>
    /// <exception cref="RemovalRefusedException">FRR would not take a line away, or not filter anew; how far it came is not known.</exception>
    /// <exception cref="RoutingException">FRR refused a new line; how far it came is not known.</exception>
    public async Task<int> ApplyAsync(FrrConfig running, FrrConfig wanted, CancellationToken ct)
    {
        if (SmallChange(running, wanted) is { } small)
        {
            await TellAsync(small, ct);
            return small.Commands;
        }
        var commands = 0;
        foreach (var daemon in FrrDaemon.All)
        {
            var difference = ConfigDifference.Between(daemon.Text(running), daemon.Text(wanted));
            await RemoveAsync(daemon, difference.Removals, ct);
            await vtysh.ConfigureAsync(daemon.Name, difference.Additions, ct);
            await RemoveAsync(daemon, difference.Leftovers, ct);
            commands += difference.Commands;
            await FilterAnewAsync(ChangedFilters.Commands(difference, daemon.Text(wanted)), ct);
        }
        return commands;
    }

    /// <summary>
    /// What differs, where that is bgpd's alone, not much, and nothing whose words could be wrong: prefixes that are announced or are so no more, and what links
    /// cost (<see cref="KnownWords"/>); else null. No list by which routes were judged changes, so none is to be looked at anew.
    /// </summary>
    internal static ConfigDifference? SmallChange(FrrConfig running, FrrConfig wanted)
    {
        // What is leased is no line, and goes and comes with those.
        if (running with { Bgpd = wanted.Bgpd, Leased = wanted.Leased } != wanted)
            return null;
        var difference = ConfigDifference.Between(running.Bgpd, wanted.Bgpd);
        if (difference.Commands > MostAtOnce)
            return null;
        return difference.Commands == difference.Announcements || (KnownWords.Cover(difference, running.Bgpd) && ChangedFilters.Commands(difference, wanted.Bgpd).Count == 0) ? difference : null;
    }

    /// <summary>
    /// By bgpd's own socket: vtysh, started once to check and up to three times to tell, takes longer than all that comes after. A host that moves is
    /// not reached for as long; and where delays differ, costs change all the time.
    /// </summary>
    private Task<string> TellAsync(ConfigDifference difference, CancellationToken ct) => vty.AskAsync(FrrDaemon.Bgpd, _smallWithin, ct,
        ["enable", "configure terminal", .. Lines(difference.Removals), .. Lines(difference.Additions), .. Lines(difference.Leftovers), "end"]);

    private static string[] Lines(string script) => script.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>
    /// Tells the neighbours that we go. Ended without a word, BGP is taken for one that restarts gracefully, and they would send us
    /// packets for 30 s more ('no router bgp' and SIGTERM say no word; seen on 8.4.4).
    /// </summary>
    public async Task TakeLeaveAsync(FrrConfig running, CancellationToken ct)
    {
        var routers = ConfigLines.Parse(running.Bgpd).Where(l => l.Context.Length == 0 && l.Text.StartsWith("router bgp ", StringComparison.Ordinal));
        try
        {
            await vty.AskAsync(FrrDaemon.Bgpd, _leaveWithin, ct,
                ["enable", "configure terminal", .. routers.Select(l => l.Text).Distinct().SelectMany(r => new[] { r, "bgp shutdown", "exit" })]);
        }
        catch (RoutingException e)
        {
            LogNoLeave(e.Message); // it is ended in any case
        }
    }

    /// <summary>
    /// bgpd does not look again at routes that it has when the contents of a list change. With soft-reconfiguration inbound it has kept
    /// what it refused, too, so that no session and no route that stays is touched.
    /// </summary>
    private async Task FilterAnewAsync(IReadOnlyList<string> commands, CancellationToken ct)
    {
        if (commands.Count == 0) return;
        try
        {
            await vtysh.RunAsync(commands, ct);
        }
        catch (RoutingException e) when (WithoutRefresh(e.Message) is { Length: > 0 } neighbors)
        {
            await vtysh.RunAsync(neighbors.Select(neighbor => $"clear bgp ipv4 unicast {neighbor}"), ct);
        }
        catch (RoutingException e)
        {
            throw new RemovalRefusedException(e.Message); // a route that is no longer granted must not stay
        }
    }

    /// <summary>
    /// Routers outside the mesh that cannot be asked to say their routes again (RFC 2918): their sessions alone are begun anew. Empty where FRR
    /// complains of something else, too.
    /// </summary>
    internal static string[] WithoutRefresh(string complaint)
    {
        string[] neighbors = [.. NoRefresh().Matches(complaint).Select(match => match.Groups["neighbor"].Value).Distinct()];
        return NoRefresh().Replace(complaint, "").Contains('%', StringComparison.Ordinal) ? [] : neighbors;
    }

    [GeneratedRegex(@"% BGP: Inbound soft reconfig for (?<neighbor>\S+) not possible", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NoRefresh();

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

    [LoggerMessage(LogLevel.Warning, "neighbours could not be told that FRR is stopping: {Reason}")]
    private partial void LogNoLeave(string reason);
}

/// <summary>
/// A line cannot be taken away by its <c>no</c> form, or what it let in stays: FRR must start anew, which loses no packet.
/// </summary>
internal sealed class RemovalRefusedException(string message) : Exception(message);
