using System.Globalization;
using System.Runtime.InteropServices;
using Meshover.Linux.Interop;
using Meshover.Linux.Namespaces;

namespace Meshover.Linux.Processes;

/// <summary>
/// Exactly one process for ever: a pid is reused, a pid with its start time is not. The namespace tells apart the daemons of several
/// nodes on one machine.
/// </summary>
/// <param name="Pid">The process id, as seen from here.</param>
/// <param name="StartTime">Clock ticks after boot (/proc/PID/stat, field 22).</param>
/// <param name="NetworkNamespace">Inode of its network namespace when it was first seen; 0 where that could not be read.</param>
public sealed record ProcessIdentity(int Pid, ulong StartTime, ulong NetworkNamespace)
{
    /// <summary>The process with this pid; null where none runs (a zombie does not).</summary>
    public static ProcessIdentity? TryFind(int pid) =>
        ProcessStat.TryRead(pid) is { IsZombie: false } stat
            ? new ProcessIdentity(pid, stat.StartTime, Namespaces.NetworkNamespace.InodeOfProcess(pid) ?? 0)
            : null;

    /// <summary>The process with this pid that has ended and waits for its parent to collect its status (a zombie); null where that is not so.</summary>
    public static ProcessIdentity? TryFindEnded(int pid) =>
        ProcessStat.TryRead(pid) is { IsZombie: true } stat ? new ProcessIdentity(pid, stat.StartTime, NetworkNamespace: 0) : null;

    /// <summary>This very process.</summary>
    public static ProcessIdentity Current => TryFind(Environment.ProcessId)!;

    public bool IsAlive => ProcessStat.TryRead(Pid) is { IsZombie: false } stat && stat.StartTime == StartTime;

    /// <summary>The path of its executable, or null where it is gone or hidden from us.</summary>
    public string? Executable
    {
        get
        {
            try
            {
                return IsAlive ? new FileInfo($"/proc/{Pid}/exe").LinkTarget : null;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <summary>Sends a signal to this process and to no other that may have its pid now. False: it has ended.</summary>
    /// <exception cref="ProcessException">The kernel refused.</exception>
    public bool Signal(PosixSignal signal) => Signal(Number(signal));

    /// <inheritdoc cref="Signal(PosixSignal)"/>
    /// <param name="signal">The number, such as 9 for SIGKILL.</param>
    public bool Signal(int signal)
    {
        using var pidfd = OpenPidfd();
        if (pidfd is null)
            return false;
        if (Libc.PidfdSendSignal(Libc.SysPidfdSendSignal, pidfd, signal, 0, 0) == 0)
            return true;
        return Errno.Last == Errno.NoSuchProcess
            ? false
            : throw new ProcessException($"send signal {signal} to process {Pid}", Errno.Describe(Errno.Last));
    }

    /// <summary>SIGKILL.</summary>
    public bool Kill() => Signal(9);

    /// <summary>
    /// Ends when the process has ended, at once where it already has. Gives its exit status (128 + N where signal N ended it) if it is our
    /// child and nobody else collected it, else null.
    /// </summary>
    public async Task<int?> WaitForExitAsync(CancellationToken cancellationToken = default)
    {
        using (var pidfd = OpenPidfd())
        {
            if (pidfd is not null)
                await PidfdWatcher.WaitAsync(pidfd, cancellationToken).ConfigureAwait(false);
        }

        return TryReap();
    }

    /// <summary>SIGTERM, and SIGKILL to one that is still there after the grace.</summary>
    public async Task StopAsync(TimeSpan grace, TimeProvider time, CancellationToken cancellationToken = default)
    {
        if (!Signal(PosixSignal.SIGTERM))
            return;
        using var deadline = new CancellationTokenSource(grace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await WaitForExitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Kill();
            await WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary><c>PID START NETNS</c> and a line end: the content of a pid file. Its first field alone is what other tools expect.</summary>
    public string Serialize() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {StartTime} {NetworkNamespace}\n");

    /// <summary>Null where the text is no such line.</summary>
    public static ProcessIdentity? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var fields = text.Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 3
            && int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && ulong.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            && ulong.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var inode)
            ? new ProcessIdentity(pid, start, inode)
            : null;
    }

    /// <summary>Writes the pid file in one step: a reader sees the old one or the new one, never half of it.</summary>
    public void WriteTo(string pidFile)
    {
        var temporary = $"{pidFile}.{Environment.ProcessId}.tmp";
        File.WriteAllText(temporary, Serialize());
        File.Move(temporary, pidFile, overwrite: true);
    }

    /// <summary>The process that a pid file names, if it still runs; null where there is no file, no sense in it, or no such process.</summary>
    public static ProcessIdentity? ReadLive(string pidFile)
    {
        try
        {
            return TryParse(File.ReadAllText(pidFile)) is { IsAlive: true } identity ? identity : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    // Opened first, compared second: from then on the descriptor means the process that has our start time, or the comparison fails.
    private FileDescriptor? OpenPidfd()
    {
        var number = Libc.PidfdOpen(Libc.SysPidfdOpen, Pid, 0);
        if (number < 0)
        {
            // A process that is gone may have left its number to a group or session that lives on, or to a thread: the kernel says then that
            // the number is no process's (EINVAL; newer kernels ENOENT: pidfd_open(2)).
            return Errno.Last is Errno.NoSuchProcess or Errno.Invalid or Errno.NoEntry
                ? null
                : throw new ProcessException($"open a descriptor of process {Pid}", Errno.Describe(Errno.Last));
        }

        var pidfd = new FileDescriptor(number);
        if (IsAlive)
            return pidfd;
        pidfd.Dispose();
        return null;
    }

    private unsafe int? TryReap()
    {
        const int noHang = 1;
        // Where somebody else collected ours, another child of this process may have its pid now.
        if (ProcessStat.TryRead(Pid)?.StartTime != StartTime)
            return null;
        int status;
        if (Libc.WaitPid(Pid, &status, noHang) != Pid)
            return null;
        return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
    }

    private static int Number(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        PosixSignal.SIGTERM => 15,
        _ when (int)signal > 0 => (int)signal,
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "this signal has no number here"),
    };
}
