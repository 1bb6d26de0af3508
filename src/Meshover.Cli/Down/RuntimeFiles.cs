using Meshover.Agent.Reconciling;
using Meshover.Cli.Hosting;
using Meshover.Cli.Supervision;

namespace Meshover.Cli.Down;

/// <summary>
/// Deletes what the daemons left in the runtime directory. File by file, never the directory with all that is in it: a user may have
/// named one that is not ours alone.
/// </summary>
internal static class RuntimeFiles
{
    private static readonly string[] Endings = [".pid", ".pid.lock", ".lock", ".log", ".log.1", ".sock"];

    /// <summary>FRR's daemons make it at their start, wherever they are told to put their files.</summary>
    private const string FrrDefaultDirectory = "/run/frr";

    public static void Remove(NodePaths paths)
    {
        foreach (var daemon in DaemonNames.All.Append(DaemonNames.Run))
        {
            foreach (var ending in Endings)
                Delete(Path.Combine(paths.RuntimeDirectory, daemon + ending));
        }
        Delete(paths.KeptDaemonsFile);
        Delete(paths.DataplaneState);
        Delete(paths.DnsProblemFile);
        Delete(paths.DnsBeatFile);
        Delete(SourceRouteDebt.FileIn(paths.RuntimeDirectory));
        Delete(paths.UapiSocket);
        RemoveIfEmpty(paths.UapiDirectory);
        if (Directory.Exists(paths.FrrDirectory))
            Directory.Delete(paths.FrrDirectory, recursive: true);
        RemoveIfEmpty(FrrDefaultDirectory);
        RemoveIfEmpty(paths.RuntimeDirectory);
    }

    /// <summary>And what <see cref="DeleteHalfWritten"/> does. Nothing to do where it, or its directory, is not there.</summary>
    public static void Delete(string file)
    {
        if (!Directory.Exists(Path.GetDirectoryName(file)))
            return;
        File.Delete(file);
        DeleteHalfWritten(file);
    }

    /// <summary>Deletes what somebody who was killed while he replaced the file has left beside it (FILE.PID.tmp, FILE.new).</summary>
    public static void DeleteHalfWritten(string file)
    {
        var directory = Path.GetDirectoryName(file);
        if (!Directory.Exists(directory))
            return;
        foreach (var ending in (string[])[".*.tmp", ".new"])
        {
            foreach (var left in Directory.EnumerateFiles(directory, Path.GetFileName(file) + ending))
                File.Delete(left);
        }
    }

    public static void RemoveIfEmpty(string? directory)
    {
        if (Directory.Exists(directory) && !Directory.EnumerateFileSystemEntries(directory).Any())
            Directory.Delete(directory);
    }
}
