using Meshover.Linux.Processes;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Vtysh;

/// <summary>What a program said, standard output and error together, and how it ended.</summary>
internal sealed record ToolResult(int ExitCode, string Output);

/// <summary>Runs a short-lived program to its end; that it could not is told in routing's own terms.</summary>
internal static class ToolRunner
{
    /// <param name="patience">After it the program is killed.</param>
    /// <exception cref="RoutingException">It could not be started, took too long or was killed; it has a cause, unlike what FRR refuses.</exception>
    public static async Task<ToolResult> RunAsync(string file, IEnumerable<string> arguments, TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        try
        {
            var ending = await new ProgramRun(file, [.. arguments]) { Patience = patience, Time = time }.RunAsync(ct);
            return ending.Signal is { } signal
                ? throw new ProgramException($"{file} was ended by signal {signal}")
                : new ToolResult(ending.ExitCode, ending.Output + ending.Errors);
        }
        catch (ProgramException e)
        {
            throw new RoutingException(e.Message, e);
        }
    }
}
