using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Meshover.Agent;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Cli.Hosting;
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
        if (snippet.Reload.IsEmpty)
            return;
        using var reload = Process.Start(new ProcessStartInfo(snippet.Reload[0], snippet.Reload.Skip(1)) { UseShellExecute = false });
        if (reload is not null)
            await reload.WaitForExitAsync(cancellationToken);
    }
}
