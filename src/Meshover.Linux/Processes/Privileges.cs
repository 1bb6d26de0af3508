using System.Globalization;
using Meshover.Linux.Interop;

namespace Meshover.Linux.Processes;

/// <summary>What of root's rights this process has, and giving them up.</summary>
public static class Privileges
{
    private const uint Nobody = 65534;

    /// <summary>The capabilities that this process has now, a bit for each number of capabilities(7).</summary>
    public static ulong Held => ulong.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapEff:", StringComparison.Ordinal)).AsSpan("CapEff:".Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>
    /// This process is nobody's from here on: user, group and, with them, all capabilities (capabilities(7)). What is open stays open. Nothing is done where root
    /// is somebody else. libc does it for all threads (nptl(7)).
    /// </summary>
    /// <exception cref="ProcessException">The kernel refused; what was given up before that stays so.</exception>
    public static unsafe void Drop()
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        Check("give up groups", Libc.SetGroups(0, null));
        Check("give up the group", Libc.SetGroupIds(Nobody, Nobody, Nobody));
        Check("give up the user", Libc.SetUserIds(Nobody, Nobody, Nobody));
    }

    private static void Check(string operation, int result)
    {
        if (result != 0)
            throw new ProcessException(operation, Errno.Describe(Errno.Last));
    }
}
