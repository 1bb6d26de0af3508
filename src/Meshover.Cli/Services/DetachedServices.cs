using System.Collections.Immutable;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Supervision;
using Meshover.Linux.Processes;

namespace Meshover.Cli.Services;

/// <summary>One `meshover run` in a session of its own. Which daemons it keeps it reads from the configuration itself.</summary>
internal sealed class DetachedServices(NodePaths paths, TimeProvider time) : INodeServices
{
    /// <summary>Longer than its daemons have together.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(40);

    /// <summary>The kernel passes over a SIGKILL that it gets from its own processes.</summary>
    private const int FirstProcess = 1;

    public async Task StartAsync(ImmutableArray<string> daemons, CancellationToken cancellationToken)
    {
        if (Find(DaemonNames.Run) is { } supervisor)
        {
            if (DaemonNames.All.All(daemon => Keeps(daemon) == daemons.Contains(daemon)))
                return;
            await LeaveAsync(supervisor, daemons, cancellationToken);
        }
        Start();
    }

    // The agent is always one of them. Where nobody keeps them, or who does has not told, those that run are those that should.
    public bool Keeps(string daemon) => daemon == DaemonNames.Agent
        || (Find(DaemonNames.Run) is not null && KeptDaemons.Read(paths) is { } kept ? kept.Contains(daemon) : Find(daemon) is not null);

    /// <summary>Its supervisor starts it again after 100 ms.</summary>
    public Task RestartAgentAsync(CancellationToken cancellationToken) =>
        Find(DaemonNames.Agent)?.StopAsync(TimeSpan.FromSeconds(5), time, cancellationToken) ?? Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var daemon in (string[])[DaemonNames.Run, .. DaemonNames.All])
        {
            if (Find(daemon) is { } process)
                await process.StopAsync(Grace, time, cancellationToken);
        }
    }

    /// <summary>
    /// A supervisor knows the daemons that it started with. Its successor adopts those that run, and no packet notices: so it is killed, as
    /// by SIGTERM it would end them.
    /// </summary>
    private async Task LeaveAsync(ProcessIdentity supervisor, ImmutableArray<string> daemons, CancellationToken cancellationToken)
    {
        if (supervisor.Pid == FirstProcess)
            throw new CliException("`meshover run` is this container's first process and keeps the daemons that it started with: restart the container.");
        supervisor.Kill();
        await supervisor.WaitForExitAsync(cancellationToken);
        foreach (var left in DaemonNames.All.Except(daemons))
        {
            if (Find(left) is { } process)
                await process.StopAsync(Grace, time, cancellationToken);
        }
    }

    private ProcessIdentity? Find(string daemon) => ProcessIdentity.ReadLive(paths.PidFile(daemon));

    private void Start()
    {
        Directory.CreateDirectory(paths.RuntimeDirectory);
        DetachedProcess.Start(new DetachedProcessOptions
        {
            FileName = Environment.ProcessPath ?? "/proc/self/exe",
            Arguments = [DaemonNames.Run, .. paths.ToArguments()],
            LogFile = paths.LogFile(DaemonNames.Run),
            Environment = new Dictionary<string, string?> { [Up.JoinSource.Variable] = null, ["JOURNAL_STREAM"] = null },
        });
    }
}
