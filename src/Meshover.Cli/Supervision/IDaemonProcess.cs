namespace Meshover.Cli.Supervision;

/// <summary>A daemon that runs. A seam: tests have none of the kernel's processes.</summary>
internal interface IDaemonProcess
{
    int Pid { get; }

    /// <summary>Ends when the process has ended: its exit status, or null where it is not our child (adopted).</summary>
    /// <exception cref="Linux.Processes.ProcessException">It cannot be watched.</exception>
    Task<int?> WaitForExitAsync(CancellationToken cancellationToken);

    /// <summary>SIGTERM, and SIGKILL after the grace.</summary>
    Task StopAsync(TimeSpan grace, CancellationToken cancellationToken);
}

/// <summary>Finds and starts daemons.</summary>
internal interface IDaemonProcesses
{
    /// <summary>The one that runs already, from an earlier supervisor or by hand; null where none does.</summary>
    /// <exception cref="IOException">Its pid file cannot be read.</exception>
    IDaemonProcess? Find(string daemon);

    /// <exception cref="Linux.Processes.ProcessException">The system refused.</exception>
    IDaemonProcess Start(string daemon);
}
