namespace Meshover.Controller.Stores.Sqlite;

/// <summary>A store on the disk: the SQLite file, its log beside it, and its lock.</summary>
internal static class StoreFiles
{
    private static readonly string[] Suffixes = ["", "-wal", "-shm"];

    /// <summary>Moves a store that is closed.</summary>
    public static void Move(string from, string to)
    {
        foreach (var suffix in Suffixes.Where(suffix => File.Exists(from + suffix)))
            File.Move(from + suffix, to + suffix, overwrite: true);
    }

    public static void Delete(string file)
    {
        foreach (var suffix in Suffixes.Append(".lock"))
            File.Delete(file + suffix);
    }
}
