using Meshover.Linux.Interop;

namespace Meshover.Linux.Sysctl;

/// <summary>
/// Sysctls by their dotted key, as sysctl(8) writes it: <c>net.ipv6.conf.eth0/100.accept_ra</c> is the interface <c>eth0.100</c>.
/// Those of <c>net.</c> belong to the network namespace of the calling thread.
/// </summary>
public static class SysctlFile
{
    /// <summary>
    /// The key of a setting of one interface; <paramref name="family"/> is <c>ipv4</c> or <c>ipv6</c>, <paramref name="tree"/> <c>conf</c> or <c>neigh</c>.
    /// </summary>
    public static string InterfaceKey(string family, string link, string setting, string tree = "conf")
    {
        ArgumentNullException.ThrowIfNull(link);
        return $"net.{family}.{tree}.{link.Replace('.', '/')}.{setting}";
    }

    /// <summary>The value without its line end; null where this kernel (or the interface) has no such key.</summary>
    /// <exception cref="SysctlException">It is there but cannot be read.</exception>
    public static string? TryRead(string key)
    {
        try
        {
            return File.ReadAllText(PathOf(key)).TrimEnd('\n');
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SysctlException("read", key, error.Message);
        }
    }

    /// <exception cref="SysctlException">There is none, it cannot be read.</exception>
    public static string Read(string key) => TryRead(key) ?? throw new SysctlException("read", key, "this kernel does not have it");

    /// <exception cref="SysctlException">There is none, the value is not for it, or we may not.</exception>
    public static void Write(string key, string value)
    {
        try
        {
            // Not WriteAllText: it would make a file, and truncating means nothing in /proc.
            using var file = new FileStream(PathOf(key), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            file.Write(System.Text.Encoding.ASCII.GetBytes(value + "\n"));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SysctlException("write", key, "this kernel does not have it");
        }
        catch (UnauthorizedAccessException)
        {
            throw new SysctlException("write", key, "not permitted (root is needed, and /proc/sys must be writable)");
        }
        catch (IOException error)
        {
            throw new SysctlException("write", key, $"{error.Message} (value {value})") { IsReadOnly = error.HResult == Errno.ReadOnlyFileSystem };
        }
    }

    /// <summary>Whether /proc/sys is mounted read-only, as in a container. Nothing is written for the answer.</summary>
    public static bool IsReadOnly()
    {
        try
        {
            using var file = new FileStream(PathOf("net.ipv4.conf.all.forwarding"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false; // who is not root may not write anyhow
        }
        catch (IOException error)
        {
            return error.HResult == Errno.ReadOnlyFileSystem;
        }
    }

    // In a key '.' parts and '/' stands for a dot; in a path it is the other way round.
    private static string PathOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var path = string.Create(key.Length, key, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
                target[i] = source[i] switch { '.' => '/', '/' => '.', var other => other };
        });
        return path.Contains("..", StringComparison.Ordinal) || path.StartsWith('/')
            ? throw new SysctlException("find", key, "this is not a key")
            : $"/proc/sys/{path}";
    }
}
