using System.Collections.Immutable;
using System.Globalization;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;

namespace Meshover.Routing.Supervision;

/// <summary>FRR's processes in this network namespace, as /proc shows them. Anybody may give a process a name and arguments; they alone decide nothing.</summary>
/// <param name="Ours">By daemon name: those of root's or frr's whose command line names our directory.</param>
/// <param name="ForeignZebras">Other zebras that may change routes; two in one namespace delete each other's.</param>
internal sealed record FrrProcessScan(ImmutableDictionary<string, ProcessIdentity> Ours, ImmutableArray<ForeignZebra> ForeignZebras)
{
    public static FrrProcessScan Take(FrrFiles files) => Take(files, NetworkNamespace.CurrentInode());

    /// <summary>Those of our directory in any network namespace, which is enough to know them by.</summary>
    public static ImmutableDictionary<string, ProcessIdentity> TakeAnywhere(FrrFiles files) => Take(files, network: null).Ours;

    private static FrrProcessScan Take(FrrFiles files, ulong? network)
    {
        var frr = files.Owner.UserId;
        var ours = ImmutableDictionary.CreateBuilder<string, ProcessIdentity>();
        var foreign = ImmutableArray.CreateBuilder<ForeignZebra>();
        foreach (var pid in Pids())
        {
            if (Daemon(pid) is not { } daemon || ProcessIdentity.TryFind(pid) is not { } process || (network ?? process.NetworkNamespace) != process.NetworkNamespace) continue;
            var arguments = ProcFacts.CommandLine(pid);
            if (IsOurs(process, daemon, arguments, frr, files)) Choose(ours, daemon, process, files);
            else if (daemon == FrrDaemon.Zebra && arguments.Length > 0 && ProcFacts.MayRoute(pid)) foreign.Add(new ForeignZebra(pid, string.Join(' ', arguments)));
        }
        return new FrrProcessScan(ours.ToImmutable(), foreign.ToImmutable());
    }

    private static FrrDaemon? Daemon(int pid) => ProcFacts.Name(pid) is { } name ? FrrDaemon.AnyRelease.FirstOrDefault(d => d.Name == name) : null;

    private static bool IsOurs(ProcessIdentity process, FrrDaemon daemon, string[] arguments, uint? frr, FrrFiles files) =>
        (arguments.Contains(FrrDaemon.OwnMark(files)) || arguments.Contains(FrrDaemon.FormerMark(files)))
        && ProcFacts.User(process.Pid) is { } user && (user == 0 || user == frr)
        && Path.GetFileName(process.Executable?.Split(' ')[0]) == daemon.Name; // "… (deleted)" where its package was replaced

    // Of two, the one that its pid file names.
    private static void Choose(ImmutableDictionary<string, ProcessIdentity>.Builder ours, FrrDaemon daemon, ProcessIdentity process, FrrFiles files)
    {
        if (!ours.ContainsKey(daemon.Name) || PidIn(files.PidFile(daemon)) == process.Pid) ours[daemon.Name] = process;
    }

    private static int? PidIn(string file)
    {
        try
        {
            return int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<int> Pids() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(pid => pid > 0);
}

/// <summary>A zebra that is not ours.</summary>
internal sealed record ForeignZebra(int Pid, string CommandLine);
