using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>The node's state cannot be written: the disk is full, or read-only.</summary>
internal sealed class StateRoom : ICheck
{
    private const long Least = 1 << 20;
    private const long LeastFiles = 8;

    public string Name => "state";

    public IEnumerable<Finding> Look(MachineFacts facts)
    {
        if (facts.StateRoom.IsReadOnly)
            yield return Of(FindingKinds.StateReadOnly, "The file system that holds the node's state is mounted read-only.", "See why (`dmesg`), and mount it writable.");
        else if (facts.StateRoom.Free < Least)
            yield return Of(FindingKinds.DiskFull, "The disk that holds the node's state is full.", "Make room on it.");
        else if (facts.StateRoom.FreeFiles < LeastFiles)
            yield return Of(FindingKinds.DiskFull, "The file system that holds the node's state has no room for more files (`df -i`).", "Delete files that nobody needs.");
    }

    private static Finding Of(FindingKind kind, string problem, string mend) => new()
    {
        Kind = kind,
        Severity = Severity.Fault,
        Problem = problem,
        Breaks = "A new map, key or credential cannot be kept; the node runs on by what it has.",
        Mend = mend,
    };
}
