using System.Runtime.ExceptionServices;
using Meshover.Linux.Interop;

namespace Meshover.Linux.Namespaces;

/// <summary>
/// Network namespaces, named ones as <c>ip netns</c> keeps them (a bind mount under /run/netns), so that both see each other's.
/// A namespace belongs to a thread, and .NET's pool moves work between threads: so everything here runs on a thread of its own, which
/// ends with it. A socket or process made there stays in that namespace.
/// </summary>
public static class NetworkNamespace
{
    private const string NamedDirectory = "/run/netns";
    private const int CloneNewNetwork = 0x40000000;
    private const ulong MountBind = 0x1000;
    private const ulong MountRecursive = 0x4000;
    private const ulong MountShared = 0x100000;
    private const int DetachUnmount = 2;

    /// <summary>Where the namespace of that name is (whether or not it exists).</summary>
    public static string PathOf(string name) => $"{NamedDirectory}/{name}";

    public static bool Exists(string name) => File.Exists(PathOf(name));

    /// <summary>The inode of the calling thread's namespace: two namespaces are the same when these are.</summary>
    public static ulong CurrentInode() => InodeOf("/proc/thread-self/ns/net") ?? 0;

    /// <summary>The inode of a running process's namespace; null where there is no such process.</summary>
    public static ulong? InodeOfProcess(int pid) => InodeOf($"/proc/{pid}/ns/net");

    /// <summary>Makes a namespace of that name; its <c>lo</c> is down.</summary>
    /// <exception cref="NetworkNamespaceException">EEXIST where it is there already.</exception>
    public static void Create(string name)
    {
        ShareNamedDirectory();
        var path = PathOf(name);
        try
        {
            using (new FileStream(path, FileMode.CreateNew)) { }
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new NetworkNamespaceException("create network namespace", name, Errno.Exists);
        }

        try
        {
            OnOwnThread(() =>
            {
                Check(Libc.Unshare(CloneNewNetwork), "create network namespace", name);
                Check(Libc.Mount($"/proc/self/task/{Libc.GetThreadId()}/ns/net", path, "none", MountBind, 0), "name network namespace", name);
                return 0;
            });
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Removes the name; the namespace lives on while a process or socket is in it. Nothing happens where there is none.</summary>
    public static void Delete(string name)
    {
        var path = PathOf(name);
        if (!File.Exists(path))
            return;
        if (Libc.Unmount(path, DetachUnmount) != 0 && Errno.Last is not (Errno.Invalid or Errno.NoEntry))
            throw new NetworkNamespaceException("remove network namespace", name, Errno.Last);
        File.Delete(path);
    }

    /// <summary>Runs a function on a thread of its own in the namespace, and returns or throws what it does. Not for async work.</summary>
    /// <param name="path">Such as <c>/run/netns/NAME</c> or <c>/proc/PID/ns/net</c>.</param>
    /// <exception cref="NetworkNamespaceException">It cannot be entered.</exception>
    public static T RunIn<T>(string path, Func<T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return OnOwnThread(() =>
        {
            using (var file = NamespaceFile.Open(path))
                Check(Libc.SetNamespace(file.Descriptor, CloneNewNetwork), "enter network namespace", path);
            return function();
        });
    }

    /// <inheritdoc cref="RunIn{T}"/>
    public static void RunIn(string path, Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        RunIn(path, () =>
        {
            action();
            return 0;
        });
    }

    private static T OnOwnThread<T>(Func<T> function)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = function();
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
        })
        { IsBackground = true, Name = "netns" };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    // As iproute2 does it: mounts made below must reach other mount namespaces, or a name could not be removed everywhere.
    private static void ShareNamedDirectory()
    {
        Directory.CreateDirectory(NamedDirectory);
        if (Libc.Mount("", NamedDirectory, "none", MountShared | MountRecursive, 0) == 0)
            return;
        if (Errno.Last != Errno.Invalid)
            throw new NetworkNamespaceException("share", NamedDirectory, Errno.Last);
        Check(Libc.Mount(NamedDirectory, NamedDirectory, "none", MountBind | MountRecursive, 0), "bind", NamedDirectory);
        Check(Libc.Mount("", NamedDirectory, "none", MountShared | MountRecursive, 0), "share", NamedDirectory);
    }

    // The link reads "net:[4026531840]".
    private static ulong? InodeOf(string link)
    {
        try
        {
            var text = new FileInfo(link).LinkTarget;
            return text is not null && text.StartsWith("net:[", StringComparison.Ordinal) && ulong.TryParse(text.AsSpan(5).TrimEnd(']'), out var inode)
                ? inode
                : null;
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Check(int result, string operation, string target)
    {
        if (result != 0)
            throw new NetworkNamespaceException(operation, target, Errno.Last);
    }
}
