using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Meshover.Agent;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Cli.Hosting;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;

namespace Meshover.Cli.Doctor.Fixing;

/// <summary>Does what `doctor --fix` may do.</summary>
internal sealed class Fixer(NodePaths paths)
{
    /// <returns>Why it could not be done; null where it was.</returns>
    public async Task<string?> TryFixAsync(Fix fix, CancellationToken cancellationToken)
    {
        try
        {
            await FixAsync(fix, cancellationToken);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or IptablesException or Win32Exception)
        {
            return e.Message;
        }
    }

    private Task FixAsync(Fix fix, CancellationToken cancellationToken) => fix switch
    {
        DockerUserFix => new DockerUser(paths.StateDirectory).EnsureAsync(cancellationToken),
        SnippetFix snippet => InstallAsync(snippet.Snippet, cancellationToken),
        _ => throw new InvalidOperationException($"nobody does {fix.GetType().Name}"),
    };

    // World-readable: managers read it as users of their own.
    private static async Task InstallAsync(Snippet snippet, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(snippet.Path)!);
        await File.WriteAllTextAsync(snippet.Path, snippet.Read(), Encoding.ASCII, cancellationToken);
        if (!snippet.Reload.IsEmpty)
            await RunAsync(snippet.Reload, cancellationToken);
        if (snippet.Release is not { } release)
            return;
        using var netlink = new RouteNetlink();
        foreach (var link in netlink.GetLinks().Where(OwnDevices.IsOurs))
            await RunAsync(release(link.Name), cancellationToken);
    }

    private static async Task RunAsync(ImmutableArray<string> command, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { UseShellExecute = false, RedirectStandardError = true });
        if (process is null)
            return;
        var said = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
            throw new IOException($"`{string.Join(' ', command)}` failed: {said.Trim()}");
    }
}
