using Meshover.Cli.CommandLine;
using Meshover.Linux.Processes;

namespace Meshover.Cli.Services;

/// <summary>Runs systemctl(1). A seam: tests record the calls.</summary>
internal interface ISystemctl
{
    /// <exception cref="CliException">It refused; says what it was asked and what it answered.</exception>
    Task RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken);
}

internal sealed class SystemctlProcess : ISystemctl
{
    public async Task RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var what = $"systemctl {string.Join(' ', arguments)}";
        try
        {
            // A unit may take its time to start or stop; systemd bounds that itself.
            var ending = await new ProgramRun("systemctl", arguments) { Patience = Timeout.InfiniteTimeSpan }.RunAsync(cancellationToken);
            if (ending.ExitCode != 0)
                throw new CliException($"`{what}` failed with status {ending.ExitCode}: {ending.Errors.Trim()}");
        }
        catch (ProgramException e)
        {
            throw new CliException($"`{what}`: {e.Message}", inner: e);
        }
    }
}
