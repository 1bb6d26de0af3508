using System.Globalization;
using Meshover.Linux.Processes;

namespace Meshover.Cli.Supervision;

/// <summary>
/// As a container's first process, `run` inherits every orphan: FRR's daemons, when their keeper was killed. Their ends are collected
/// here, or the process table would fill with them.
/// </summary>
internal sealed class OrphanReaper(TimeProvider time)
{
    private const int FirstProcess = 1;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (Environment.ProcessId != FirstProcess)
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var pid in Pids())
                await ReapAsync(pid, FirstProcess, cancellationToken);
        }
    }

    /// <summary>Collects the end of this process, if it has ended and is the parent's child.</summary>
    internal static async Task ReapAsync(int pid, int parent, CancellationToken cancellationToken)
    {
        try
        {
            if (IsEndedChild(Stat(pid), parent) && ProcessIdentity.TryFindEnded(pid) is { } ended)
                await ended.WaitForExitAsync(cancellationToken);
        }
        catch (ProcessException)
        {
            // No descriptor was to be had: it is still there at the next tick.
        }
    }

    /// <param name="stat">The content of /proc/PID/stat (proc(5)): <c>pid (comm) state ppid …</c>; the comm may hold blanks and parentheses.</param>
    /// <param name="parent">Whose child it must be.</param>
    internal static bool IsEndedChild(string stat, int parent)
    {
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        return fields is ["Z", var ppid, ..] && ppid == parent.ToString(CultureInfo.InvariantCulture);
    }

    private static IEnumerable<int> Pids() =>
        from directory in Directory.EnumerateDirectories("/proc")
        let name = Path.GetFileName(directory)
        where name.All(char.IsAsciiDigit)
        select int.Parse(name, CultureInfo.InvariantCulture);

    /// <summary>Empty where it is gone by now.</summary>
    private static string Stat(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
