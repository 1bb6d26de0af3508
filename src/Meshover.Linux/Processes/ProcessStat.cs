using System.Globalization;

namespace Meshover.Linux.Processes;

/// <summary>
/// What <c>/proc/PID/stat</c> says (proc(5)): <c>pid (comm) state ppid … starttime …</c>. The comm may hold blanks and parentheses, so
/// fields are counted after its last parenthesis; the start time is field 22, in clock ticks since boot.
/// </summary>
internal readonly record struct ProcessStat(char State, ulong StartTime)
{
    private const int StartTimeAfterComm = 19;

    /// <summary>It has ended, and only waits for its parent to collect its status.</summary>
    internal bool IsZombie => State is 'Z' or 'X';

    internal static ProcessStat? TryRead(int pid)
    {
        try
        {
            return TryParse(File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (IOException)
        {
            return null; // gone, or going (ESRCH on read)
        }
    }

    internal static ProcessStat? TryParse(string text)
    {
        var comm = text.LastIndexOf(')');
        if (comm < 0)
            return null;
        var fields = text[(comm + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return fields.Length > StartTimeAfterComm
            && ulong.TryParse(fields[StartTimeAfterComm], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            ? new ProcessStat(fields[0][0], start)
            : null;
    }
}
