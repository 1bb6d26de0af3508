using Meshover.Mesh.Findings;

namespace Meshover.Agent.Diagnosing;

/// <summary>What is wrong with the directory of the node's state.</summary>
internal static class StateDirectory
{
    /// <summary>Bytes; a map of 1,000 nodes has some 300,000.</summary>
    private const long LeastRoom = 1 << 20;

    /// <summary>Each file is written beside the former one first.</summary>
    private const long LeastFiles = 8;

    /// <param name="path">Of the directory.</param>
    /// <param name="isReadOnly">Its file system is mounted so.</param>
    /// <param name="free">Bytes that may still be written; null: that cannot be told.</param>
    /// <param name="freeFiles">Files that may still be made; null: that cannot be told, or there is no bound.</param>
    /// <param name="former">What was wrong when it was looked at last: full it stays until twice as much is free, lest it come and go with each line of a log.</param>
    public static Finding? Fault(string path, bool isReadOnly, long? free, long? freeFiles, Finding? former)
    {
        if (isReadOnly)
            return new Finding(FindingKinds.StateReadOnly, "", $"{path} is on a file system that is mounted read-only: a new map or credential cannot be kept.");
        var times = former?.Kind == FindingKinds.DiskFull ? 2 : 1;
        if (free < LeastRoom * times)
            return new Finding(FindingKinds.DiskFull, "", $"The disk that holds {path} is full: a new map or credential cannot be kept.");
        if (freeFiles < LeastFiles * times)
            return new Finding(FindingKinds.DiskFull, "", $"The file system that holds {path} has no room for more files (inodes): a new map or credential cannot be kept.");
        return null;
    }
}
