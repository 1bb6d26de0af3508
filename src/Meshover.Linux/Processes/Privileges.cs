using Meshover.Linux.Interop;

namespace Meshover.Linux.Processes;

/// <summary>Gives up what root may.</summary>
public static class Privileges
{
    private const uint Nobody = 65534;
    private const int SetNoNewPrivileges = 38; // PR_SET_NO_NEW_PRIVS

    /// <summary>
    /// This process is nobody's from here on, for good: user, group, all capabilities and the way back by a setuid program. What is open stays open. Nothing
    /// is done for whom root is not. libc does it for all threads (nptl(7)).
    /// </summary>
    /// <exception cref="ProcessException">The kernel refused; what was given up before that stays so.</exception>
    public static unsafe void Drop()
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        Check("give up groups", Libc.SetGroups(0, null));
        Check("give up the group", Libc.SetGroupIds(Nobody, Nobody, Nobody));
        Check("give up the user", Libc.SetUserIds(Nobody, Nobody, Nobody));
        Check("give up setuid programs", Libc.ProcessControl(SetNoNewPrivileges, 1, 0, 0, 0));
    }

    private static void Check(string operation, int result)
    {
        if (result != 0)
            throw new ProcessException(operation, Errno.Describe(Errno.Last));
    }
}
