using System.ComponentModel;
using System.Diagnostics;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Vtysh;

/// <summary>What a program said, standard output and error together, and how it ended.</summary>
internal sealed record ToolResult(int ExitCode, string Output);

/// <summary>Runs a short-lived program to its end.</summary>
internal static class ToolRunner
{
    private const int SignalBase = 128;

    /// <param name="patience">After it the program is killed.</param>
    /// <exception cref="RoutingException">It could not be started, took too long or was killed; it has a cause, unlike what FRR refuses.</exception>
    public static async Task<ToolResult> RunAsync(string file, IEnumerable<string> arguments, TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        using var process = Start(file, arguments);
        using var deadline = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        try
        {
            process.StandardInput.Close();
            var (output, error) = (process.StandardOutput.ReadToEndAsync(either.Token), process.StandardError.ReadToEndAsync(either.Token));
            await process.WaitForExitAsync(either.Token);
            if (process.ExitCode > SignalBase) throw Failed($"{file} was ended by signal {process.ExitCode - SignalBase}");
            return new ToolResult(process.ExitCode, await output + await error);
        }
        catch (OperationCanceledException e)
        {
            process.Kill();
            ct.ThrowIfCancellationRequested();
            throw new RoutingException($"{file} did not end within {patience.TotalSeconds:0} s and was killed", e);
        }
    }

    private static Process Start(string file, IEnumerable<string> arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(file, arguments)
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = "/",
            }) ?? throw Failed($"{file} could not be started");
        }
        catch (Win32Exception e)
        {
            throw new RoutingException($"{file} could not be started: {e.Message}", e);
        }
    }

    private static RoutingException Failed(string what) => new(what, new IOException(what));
}
