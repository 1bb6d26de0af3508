using System.Collections.Immutable;

namespace Meshover.Routing.Supervision;

/// <summary>What would keep FRR from running here, looked at before anything is changed.</summary>
public static class RoutingPreflight
{
    /// <summary>One sentence for each hindrance, with what to do; empty where FRR can start or already runs for us.</summary>
    /// <param name="bgpPort">TCP port that bgpd is to listen on.</param>
    /// <param name="besideSystemFrr">Another zebra is no hindrance, as it will be stopped before ours start.</param>
    public static ImmutableArray<string> FindProblems(RoutingOptions options, int bgpPort = 12914, bool besideSystemFrr = false)
    {
        if (MissingPrograms(options) is { } missing) return [missing];
        var scan = FrrProcessScan.Take(new FrrFiles(options));
        var problems = ImmutableArray.CreateBuilder<string>();
        if (ReadByMgmtd(options) is { } read) problems.Add(read);
        if (!besideSystemFrr && scan.ForeignZebras is [var zebra, ..]) problems.Add(SystemFrr.Inspect().AdviceAgainst(zebra.Pid, zebra.CommandLine));
        problems.AddRange(FrrPort.FindTaken(scan, bgpPort, besideSystemFrr).Select(p => $"{p.Problem}: {p.Mend}"));
        return problems.ToImmutable();
    }

    /// <summary>Ports that FRR's daemons need and somebody else has.</summary>
    public static ImmutableArray<TakenPort> FindTakenPorts(RoutingOptions options, int bgpPort) =>
        FrrPort.FindTaken(FrrProcessScan.Take(new FrrFiles(options)), bgpPort, besideSystemFrr: false);

    internal static string? MissingPrograms(RoutingOptions options)
    {
        string[] programs = [.. FrrDaemon.All.Select(d => Path.Combine(options.FrrBinaries, d.Name)), Path.Combine(options.VtyshBinaries, "vtysh")];
        var missing = programs.Where(p => !File.Exists(p)).ToList();
        return missing.Count == 0
            ? null
            : $"FRR is not installed ({string.Join(", ", missing)} missing): install it (Debian: `apt install frr frr-rpki-rtrlib`), or leave routing out (--routing off)";
    }

    // mgmtd reads these of the machine, whatever it is told, and gives what they say to our zebra. FRR has it from 9.0 on.
    private static string? ReadByMgmtd(RoutingOptions options) =>
        File.Exists(Path.Combine(options.FrrBinaries, FrrDaemon.Mgmtd.Name)) && SystemFrr.LineForMgmtd() is { } line
            ? $"{line}, which FRR's mgmtd would give to the zebra of the mesh: move those lines to /etc/frr/frr.conf (`vtysh -f` reads them) and delete the file, or leave routing out (--routing off)"
            : null;
}
