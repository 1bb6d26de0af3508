using System.Diagnostics;
using System.Globalization;
using Meshover.Linux.Namespaces;

namespace Meshover.Bench;

/// <summary>Runs programs.</summary>
internal static class Programs
{
    // USER_HZ, which is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>The least that <see cref="CpuSeconds"/> tells apart.</summary>
    public const double CpuResolution = 1 / TicksPerSecond;

    /// <summary>The output of a program that ends by itself.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static Task<string> RunAsync(string program, params string[] arguments) => OutputAsync(Described(program, arguments), Process.Start);

    /// <summary>The same, waited for.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(Described(program, arguments))!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{program} ended with {process.ExitCode}");
    }

    /// <summary>The same in a network namespace, without a program before it that goes there.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public static Task<string> RunInAsync(string namespaceName, string program, params string[] arguments)
    {
        // A process begins in the namespace of the thread that starts it.
        var path = NetworkNamespace.PathOf(namespaceName);
        return OutputAsync(Described(program, arguments), start => NetworkNamespace.RunIn(path, () => Process.Start(start)));
    }

    private static async Task<string> OutputAsync(ProcessStartInfo command, Func<ProcessStartInfo, Process?> starter)
    {
        using var process = starter(command)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? (await output).Trim()
            : throw new InvalidOperationException(
                $"{command.FileName} {string.Join(' ', command.ArgumentList)} ended with {process.ExitCode}: {await output}{await errors}");
    }

    private static ProcessStartInfo Described(string program, string[] arguments) => new(program, arguments)
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    /// <summary>Starts a program that runs on; what it says is thrown away.</summary>
    public static Process Start(string namespaceName, params string[] command) =>
        Process.Start(new ProcessStartInfo("ip", ["netns", "exec", namespaceName, "sh", "-c", "exec \"$@\" >/dev/null 2>&1", "sh", .. command])
        {
            UseShellExecute = false,
        })!;

    /// <summary>Processor time that a process has used, in seconds.</summary>
    public static double CpuSeconds(Process process) => CpuSeconds(process.Id);

    /// <inheritdoc cref="CpuSeconds(Process)"/>
    public static double CpuSeconds(int process)
    {
        // Behind the name in parentheses: state is field 3; utime and stime are 14 and 15.
        var fields = File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
        return fields[11..13].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>How long a processor of the machine has done anything, for whomever, in seconds.</summary>
    public static double BusySeconds(int processor)
    {
        // proc_stat(5): cpuN user nice system idle iowait irq softirq steal
        var fields = File.ReadLines("/proc/stat").First(line => line.StartsWith($"cpu{processor} ", StringComparison.Ordinal)).Split(' ');
        int[] busy = [1, 2, 3, 6, 7];
        return busy.Sum(field => long.Parse(fields[field], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Lets this process, with all the threads that it has and will have, run on those processors alone.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public static Task StayOnAsync(string processors) => RunAsync("taskset", "--all-tasks", "--cpu-list", "--pid", processors, $"{Environment.ProcessId}");
}
