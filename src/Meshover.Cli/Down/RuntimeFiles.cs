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
        Delete(paths.DataplaneState);
        Delete(paths.UapiSocket);
        RemoveIfEmpty(paths.UapiDirectory);
        if (Directory.Exists(paths.FrrDirectory))
            Directory.Delete(paths.FrrDirectory, recursive: true);
        RemoveIfEmpty(FrrDefaultDirectory);
        RemoveIfEmpty(paths.RuntimeDirectory);
    }

    /// <summary>Nothing to do where it, or its directory, is not there.</summary>
    public static void Delete(string file)
    {
        if (Directory.Exists(Path.GetDirectoryName(file)))
            File.Delete(file);
    }

    public static void RemoveIfEmpty(string? directory)
    {
        if (Directory.Exists(directory) && !Directory.EnumerateFileSystemEntries(directory).Any())
            Directory.Delete(directory);
    }
}
