using Meshover.Cli.CommandLine;
using Meshover.Linux.Processes;

namespace Meshover.Cli.Hosting;

/// <summary>
/// Marks this process as the only one of its name in a runtime directory. The lock (flock on NAME.pid.lock, which the kernel drops with
/// the process, however it ends) excludes; the pid file tells others who it is.
/// </summary>
internal sealed class PidFile : IDisposable
{
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
    }

    private static string LockPath(string pidFile) => $"{pidFile}.lock";

    /// <summary>The lock file stays: removing it would let two processes hold "the" lock, one on each of two files.</summary>
    public void Dispose()
    {
        File.Delete(_path);
        _lock.Dispose();
    }
}
