using System.Collections.Immutable;
using System.Text;
using Meshover.Agent;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Cli.Hosting;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Processes;

namespace Meshover.Cli.Doctor.Fixing;

/// <summary>Does what `doctor --fix` may do.</summary>
internal sealed class Fixer(NodePaths paths)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <returns>Why it could not be done; null where it was.</returns>
    public async Task<string?> TryFixAsync(Fix fix, CancellationToken cancellationToken)
    {
        try
        {
            await FixAsync(fix, cancellationToken);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or IptablesException)
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

    private const UnixFileMode WorldReadable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    // Managers read it as users of their own.
    private static async Task InstallAsync(Snippet snippet, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(snippet.Path)!);
        await File.WriteAllTextAsync(snippet.Path, snippet.Read(), Encoding.ASCII, cancellationToken);
        File.SetUnixFileMode(snippet.Path, WorldReadable); // whatever root's umask is
        var failures = new List<string?>();
        if (!snippet.Reload.IsEmpty)
            failures.Add(await TryRunAsync(snippet.Reload, cancellationToken));
        if (snippet.Release is { } release)
        {
            using var netlink = new RouteNetlink();
            foreach (var link in netlink.GetLinks().Where(OwnDevices.IsOurs))
                failures.Add(await TryRunAsync(release(link.Name), cancellationToken));
        }
        if (failures.Exists(failure => failure is not null))
            throw new IOException(string.Join("; ", failures.OfType<string>()));
    }

    /// <returns>What it said, if it failed.</returns>
    private static async Task<string?> TryRunAsync(ImmutableArray<string> command, CancellationToken cancellationToken)
    {
        try
        {
            var ending = await new ProgramRun(command[0], [.. command.Skip(1)]) { Patience = Patience }.RunAsync(cancellationToken);
            return ending.ExitCode == 0 ? null : $"`{string.Join(' ', command)}` failed: {ending.Errors.Trim()}";
        }
        catch (ProgramException e)
        {
            return $"`{string.Join(' ', command)}`: {e.Message}";
        }
    }
}
