using Meshover.Cli.CommandLine;
using Meshover.Linux.Processes;

namespace Meshover.Cli.Hosting;

/// <summary>
/// Marks this process as the only one of its name in a runtime directory. The lock (flock on NAME.pid.lock, which the kernel drops with
/// the process, however it ends) excludes; the pid file tells others who it is.
/// </summary>
internal sealed class PidFile : IDisposable
{
    /// <summary>flock(2) of somebody else: EWOULDBLOCK, as .NET passes it on.</summary>
    private const int WouldBlock = 11;

    private readonly FileStream _lock;
    private readonly string _path;

    private PidFile(FileStream @lock, string path)
    {
        _lock = @lock;
        _path = path;
        ProcessIdentity.Current.WriteTo(path);
    }

    /// <exception cref="CliException">Another process of this name runs.</exception>
    public static PidFile Take(string path, string name)
    {
        try
        {
            return new PidFile(new FileStream(LockPath(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), path);
        }
        catch (IOException e) when (ProcessIdentity.ReadLive(path) is { } other)
        {
            throw new CliException(
                $"`meshover {name}` is already running on this machine (process {other.Pid}); `meshover status` shows it, `meshover down` stops it.",
                inner: e);
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            throw Refusal(Path.GetDirectoryName(path)!, name, e);
        }
    }

    /// <summary>A process that we do not see holds it: the lock is seen through process namespaces, what the pid file says is not.</summary>
    public static bool IsHeldElsewhere(string path)
    {
        try
        {
            using var free = new FileStream(LockPath(path), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            return ProcessIdentity.ReadLive(path) is null;
        }
    }

    public static CliException Refusal(string directory, string daemon, Exception? inner = null) => new(
        $"`meshover {daemon}` of this machine runs already, where this process does not see it ({directory} is its directory, too): in a container, or, if this is one, on the machine "
        + "itself or in another container. There can be one node on a machine's network: stop that one first (the container, or `meshover down` on the machine).",
        inner: inner);

    private static string LockPath(string pidFile) => $"{pidFile}.lock";

    /// <summary>The lock file stays: removing it would let two processes hold "the" lock, one on each of two files.</summary>
    public void Dispose()
    {
        File.Delete(_path);
        _lock.Dispose();
    }
}
