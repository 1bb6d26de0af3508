using System.Collections.Immutable;
using Meshover.Mesh.Findings;
using Meshover.Routing.Backends;
using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>What would keep FRR from running here, looked at before anything is changed.</summary>
public static class RoutingPreflight
{
    /// <summary>Each hindrance, with what to do; empty where FRR can start or already runs for us.</summary>
    /// <param name="options">Where FRR's files are.</param>
    /// <param name="backend">Where it is to run.</param>
    /// <param name="bgpPort">TCP port that bgpd is to listen on.</param>
    /// <param name="besideSystemFrr">Another zebra is no hindrance, as it will be stopped before ours start.</param>
    public static async Task<ImmutableArray<Finding>> FindProblemsAsync(
        RoutingOptions options, FrrBackendConfig backend, TimeProvider time, CancellationToken ct, int bgpPort = 12914, bool besideSystemFrr = false)
    {
        var files = new FrrFiles(options);
        var problems = await new FrrBackends(options, files, time).Of(backend).FindProblemsAsync(ct);
        return problems is [{ } first, ..] && first.Kind != FindingKinds.FrrFailed ? [.. problems] : [.. problems, .. FindObstacles(files, bgpPort, besideSystemFrr)];
    }

    /// <summary>What of this network namespace stands in the way, wherever FRR is to run.</summary>
    internal static ImmutableArray<Finding> FindObstacles(FrrFiles files, int bgpPort, bool besideSystemFrr)
    {
        var scan = FrrProcessScan.Take(files);
        var problems = ImmutableArray.CreateBuilder<Finding>();
        if (!besideSystemFrr && scan.ForeignZebras is [var zebra, ..]) problems.Add(new(FindingKinds.ZebraForeign, "", SystemFrr.Inspect().AdviceAgainst(zebra.Pid, zebra.CommandLine)));
        problems.AddRange(FrrPort.FindTaken(scan, bgpPort, besideSystemFrr).Select(p => new Finding(FindingKinds.PortTaken, p.Purpose, $"{p.Problem}: {p.Mend}")));
        return problems.ToImmutable();
    }

    /// <summary>Which release this machine's own FRR is; null where there is none that answers.</summary>
    public static Task<FrrFeatures?> TryAskAsync(RoutingOptions options, TimeProvider time, CancellationToken ct) => ProcessBackend.TryAskAsync(options, time, ct);

    /// <summary>Ports that FRR's daemons need and somebody else has.</summary>
    public static ImmutableArray<TakenPort> FindTakenPorts(RoutingOptions options, int bgpPort) =>
        FrrPort.FindTaken(FrrProcessScan.Take(new FrrFiles(options)), bgpPort, besideSystemFrr: false);

    /// <summary>A zebra that is not ours, and what to do about it, one sentence; null where there is none.</summary>
    public static string? FindOtherZebra(RoutingOptions options) =>
        FrrProcessScan.Take(new FrrFiles(options)).ForeignZebras is [var zebra, ..] ? SystemFrr.Inspect().AdviceAgainst(zebra.Pid, zebra.CommandLine) : null;

    internal static string? MissingPrograms(RoutingOptions options)
    {
        string[] programs = [.. FrrDaemon.All.Select(d => Path.Combine(options.FrrBinaries, d.Name)), Path.Combine(options.VtyshBinaries, "vtysh")];
        var missing = programs.Where(p => !File.Exists(p)).ToList();
        return missing.Count == 0
            ? null
            : $"FRR is not installed ({string.Join(", ", missing)} missing): install it (Debian: `apt install frr frr-rpki-rtrlib`), or leave routing out (--routing off)";
    }

    // mgmtd reads these of the machine, whatever it is told, and gives what they say to our zebra. FRR 9 has an mgmtd that nobody here starts.
    internal static string? ReadByMgmtd(RoutingOptions options, FrrFeatures? features, string directory = "/etc/frr") =>
        features?.HasMgmtd != false && File.Exists(Path.Combine(options.FrrBinaries, FrrDaemon.Mgmtd.Name)) && SystemFrr.LineForMgmtd(directory) is { } line
            ? $"{line}, which FRR's mgmtd would pass to the mesh's zebra: move those lines to /etc/frr/frr.conf (`vtysh -f` reads them) and delete the file, or leave routing out (--routing off)"
            : null;
}
