using System.Collections.Immutable;
using Meshover.Cli.Hosting;
using Meshover.Linux.Processes;

namespace Meshover.Cli.Supervision;

/// <summary>Daemons as detached processes of this same executable. They outlive us, and write to log files, not to pipes.</summary>
internal sealed class DaemonProcesses(
    NodePaths paths, IReadOnlyDictionary<string, ImmutableArray<string>> arguments, TimeProvider time) : IDaemonProcesses
{
    /// <summary>
    /// The file that we run now. Its name is used, not /proc/self/exe itself, so that a daemon restarted after an upgrade is of the new
    /// release.
    /// </summary>
    private static readonly string Executable = Environment.ProcessPath ?? "/proc/self/exe";

    public IDaemonProcess? Find(string daemon) =>
        ProcessIdentity.ReadLive(paths.PidFile(daemon)) is { } identity && IsInOurNamespace(identity) ? new Running(identity, time) : null;

    public IDaemonProcess Start(string daemon)
    {
        var identity = DetachedProcess.Start(new DetachedProcessOptions
        {
            FileName = Executable,
            Arguments = [daemon, .. paths.ToArguments(), .. arguments.GetValueOrDefault(daemon, [])],
            LogFile = paths.LogFile(daemon),
            // The token in the join string is nobody else's business, and our journal is not where its output goes.
            Environment = new Dictionary<string, string?> { [Up.JoinSource.Variable] = null, ["JOURNAL_STREAM"] = null },
        });
        return new Running(identity, time);
    }

    /// <summary>A daemon of another network namespace is another node's; 0 is one that could not be read.</summary>
    private static bool IsInOurNamespace(ProcessIdentity identity) =>
        identity.NetworkNamespace == 0 || identity.NetworkNamespace == ProcessIdentity.Current.NetworkNamespace;

    private sealed class Running(ProcessIdentity identity, TimeProvider time) : IDaemonProcess
    {
        public int Pid => identity.Pid;

        public Task<int?> WaitForExitAsync(CancellationToken cancellationToken) => identity.WaitForExitAsync(cancellationToken);

        public Task StopAsync(TimeSpan grace, CancellationToken cancellationToken) => identity.StopAsync(grace, time, cancellationToken);
    }
}
