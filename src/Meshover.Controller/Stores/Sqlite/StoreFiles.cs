namespace Meshover.Controller.Stores.Sqlite;

/// <summary>A store on the disk: the SQLite file, its log beside it, and its lock.</summary>
internal static class StoreFiles
{
    private static readonly string[] Suffixes = ["", "-wal", "-shm"];

    /// <summary>
    /// Moves a store that is closed, or what is left of one. A log at the destination goes first: SQLite would play another store's into
    /// this one, and ruin it.
    /// </summary>
    public static void Move(string from, string to)
    {
        foreach (var log in Suffixes.Where(suffix => suffix.Length > 0 && !File.Exists(from + suffix)))
            File.Delete(to + log);
        foreach (var suffix in Suffixes.Where(suffix => File.Exists(from + suffix)))
            DurableFile.Move(from + suffix, to + suffix);
    }

    public static void Delete(string file)
    {
        foreach (var suffix in Suffixes.Append(".lock"))
            File.Delete(file + suffix);
    }
}
