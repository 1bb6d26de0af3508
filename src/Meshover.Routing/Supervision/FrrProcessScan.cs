using System.Collections.Immutable;
using System.Globalization;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;

namespace Meshover.Routing.Supervision;

/// <summary>FRR's processes in this network namespace, as /proc shows them.</summary>
/// <param name="Ours">By daemon name: those whose command line names our directory.</param>
/// <param name="ForeignZebras">Other zebras; two in one namespace delete each other's routes.</param>
internal sealed record FrrProcessScan(ImmutableDictionary<string, ProcessIdentity> Ours, ImmutableArray<ForeignZebra> ForeignZebras)
{
    public static FrrProcessScan Take(FrrFiles files)
    {
        var here = NetworkNamespace.CurrentInode();
        var ours = ImmutableDictionary.CreateBuilder<string, ProcessIdentity>();
        var foreign = ImmutableArray.CreateBuilder<ForeignZebra>();
        foreach (var pid in Pids())
        {
            if (CommandName(pid) is not { } name || !FrrDaemon.All.Any(d => d.Name == name)) continue;
            if (ProcessIdentity.TryFind(pid) is not { } process || process.NetworkNamespace != here) continue;
            var arguments = Arguments(pid);
            if (arguments.Contains(FrrDaemon.OwnMark(files))) ours[name] = process;
            else if (name == FrrDaemon.Zebra.Name && arguments.Length > 0) foreign.Add(new ForeignZebra(pid, string.Join(' ', arguments)));
        }
        return new FrrProcessScan(ours.ToImmutable(), foreign.ToImmutable());
    }

    private static IEnumerable<int> Pids() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(pid => pid > 0);

    private static string? CommandName(int pid) => Read(pid, "comm")?.TrimEnd('\n');

    private static string[] Arguments(int pid) => Read(pid, "cmdline")?.Split('\0', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Null where the process ended meanwhile, or is hidden from us.</summary>
    private static string? Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>A zebra that is not ours.</summary>
internal sealed record ForeignZebra(int Pid, string CommandLine);
