namespace Meshover.Cli.CommandLine;

/// <summary>Ends the program. The message is for the user: what failed, why, what to do.</summary>
internal sealed class CliException(string message, int exitCode = ExitCode.Error, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
