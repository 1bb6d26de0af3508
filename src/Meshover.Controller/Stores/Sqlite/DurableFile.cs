namespace Meshover.Controller.Stores.Sqlite;

/// <summary>Files for their owner alone that are on the disk when the call returns.</summary>
internal static class DurableFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Replaces the file whole: a reader, or a crash, sees the old one or the new.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var building = path + ".new";
        File.Delete(building);
        using (var file = Open(building, FileMode.CreateNew))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        Move(building, path);
    }

    /// <summary>Opens the file, or makes it, to write behind what is there; the caller flushes to the disk.</summary>
    public static FileStream Append(string path) => Open(path, FileMode.Append);

    /// <summary>Moves a file over what is there, if anything.</summary>
    public static void Move(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        Sync(to);
    }

    /// <summary>
    /// Has the file on the disk, its name included: a file system with a journal writes the renaming with it. (.NET opens no directory, which is what
    /// POSIX would have one sync.)
    /// </summary>
    public static void Sync(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    private static FileStream Open(string path, FileMode mode) => new(path, new FileStreamOptions
    {
        Mode = mode,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        UnixCreateMode = Private,
        BufferSize = 0,
    });
}
