using System.Diagnostics;
using System.Runtime.CompilerServices;
using Meshover.Linux.Processes;
using Meshover.WireGuard.Crypto;

namespace Meshover.Cli.Daemons;

/// <summary>
/// NativeAOT fixes the instruction sets when it compiles, and this program must run on every x86-64. So the data plane alone is compiled
/// once more for each newer level (meshover-dataplane.v4, .v3, beside this program's file), and <c>meshover dataplane</c> goes on as the
/// best of those that the processor can run. Without them it works as well, with OpenSSL's cipher (docs/decisions/013).
/// </summary>
internal static class EngineBuild
{
    // It does next to nothing; a machine may be busy.
    private static readonly TimeSpan ProofTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Goes on as the best build there is. Returns if this one is it.</summary>
    /// <param name="args">This program's arguments.</param>
    public static void GoOnAsBest(string[] args)
    {
        // A just-in-time compiler uses whatever the processor has.
        if (RuntimeFeature.IsDynamicCodeSupported || Path.GetDirectoryName(Environment.ProcessPath) is not { } directory)
            return;
        foreach (var level in ProcessorLevel.OfTheProcessor)
        {
            if (Path.Combine(directory, $"meshover-dataplane.{level}") is var path && File.Exists(path))
                GoOnAs(path, args);
        }
    }

    private static void GoOnAs(string path, string[] args)
    {
        if (WhyNot(path) is { } reason)
        {
            Console.Error.WriteLine($"meshover: {path} does not start ({reason}); the data plane runs without it, more slowly.");
            return;
        }
        try
        {
            ProgramImage.Replace(path, ["meshover", .. args]);
        }
        catch (ProcessException e)
        {
            Console.Error.WriteLine($"meshover: {e.Message}; the data plane runs without it, more slowly.");
        }
    }

    /// <summary>
    /// Has a build prove that it starts and seals here. Its runtime looks for every instruction set that it was compiled for, and whether
    /// the system keeps their registers. Null: it does.
    /// </summary>
    internal static string? WhyNot(string path)
    {
        var start = new ProcessStartInfo(path, ["dataplane", DataplaneCommand.ProbeOption])
        {
            UseShellExecute = false,
            RedirectStandardInput = true, // the terminal stays as it is
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            if (!process.WaitForExit(ProofTimeout))
            {
                process.Kill();
                return $"it has not ended after {ProofTimeout.TotalSeconds} s";
            }
            return process.ExitCode == 0 ? null : Complaint(process);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }

    private static string Complaint(Process process)
    {
        var said = process.StandardError.ReadToEnd().ReplaceLineEndings(" ").Trim();
        return said.Length > 0 ? said : $"it exited with status {process.ExitCode}";
    }
}
