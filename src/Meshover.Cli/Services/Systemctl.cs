using System.ComponentModel;
using System.Diagnostics;
using Meshover.Cli.CommandLine;

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
            using var process = Process.Start(new ProcessStartInfo("systemctl", arguments) { RedirectStandardError = true, UseShellExecute = false })
                ?? throw new CliException($"`{what}` could not be started.");
            var error = await process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
                throw new CliException($"`{what}` failed with status {process.ExitCode}: {error.Trim()}");
        }
        catch (Win32Exception e)
        {
            throw new CliException($"`{what}` could not be started: {e.Message}", inner: e);
        }
    }
}
