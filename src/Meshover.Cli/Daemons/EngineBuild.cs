using System.Runtime.CompilerServices;
using Meshover.Linux.Processes;

namespace Meshover.Cli.Daemons;

/// <summary>
/// NativeAOT fixes the instruction sets when it compiles, and this program must run on every x86-64. So the data plane alone is compiled
/// once more for each newer level (meshover-dataplane.v4, .v3, beside this program's file), and <c>meshover dataplane</c> goes on as the
/// best of those that the processor can run. Without them it works as well, with OpenSSL's cipher (docs/decisions/013).
/// </summary>
internal static class EngineBuild
{
    // The levels of the x86-64 psABI as the kernel names their features in /proc/cpuinfo; the best first.
    private static readonly string[] Level3 = ["avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"];
    private static readonly (string Level, string[] Features)[] Levels =
    [
        ("v4", [.. Level3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
        ("v3", Level3),
    ];

    /// <summary>Goes on as the best build there is. Returns if this one is it.</summary>
    /// <param name="args">This program's arguments.</param>
    public static void GoOnAsBest(string[] args)
    {
        // A just-in-time compiler uses whatever the processor has.
        if (RuntimeFeature.IsDynamicCodeSupported || Path.GetDirectoryName(Environment.ProcessPath) is not { } directory)
            return;
        foreach (var level in LevelsOf(File.ReadLines("/proc/cpuinfo")))
        {
            if (Path.Combine(directory, $"meshover-dataplane.{level}") is var path && File.Exists(path))
                GoOnAs(path, args);
        }
    }

    /// <summary>Which levels a processor has, the best first.</summary>
    /// <param name="cpuinfo">Lines as in <c>/proc/cpuinfo</c>.</param>
    internal static IEnumerable<string> LevelsOf(IEnumerable<string> cpuinfo)
    {
        var flags = cpuinfo.FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) ?? "";
        var features = flags[(flags.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ').ToHashSet(StringComparer.Ordinal);
        return Levels.Where(one => features.IsSupersetOf(one.Features)).Select(one => one.Level);
    }

    private static void GoOnAs(string path, string[] args)
    {
        try
        {
            ProgramImage.Replace(path, ["meshover", .. args]);
        }
        catch (ProcessException e)
        {
            Console.Error.WriteLine($"meshover: {e.Message}; the data plane runs without it, more slowly.");
        }
    }
}
