using System.Globalization;

namespace Meshover.Bench;

/// <summary>What a process takes of the machine's memory.</summary>
internal static class ProcessMemory
{
    /// <summary>VmRSS of <c>/proc/PID/status</c> (proc_pid_status(5)), which the kernel gives in KiB, as MiB.</summary>
    /// <exception cref="IOException">There is no such process.</exception>
    public static double ResidentMegabytes(int process)
    {
        // VmRSS:	   12345 kB
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
