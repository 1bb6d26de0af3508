namespace Meshover.Names;

/// <summary>Whether a file is another than it was: all of ours are replaced whole.</summary>
internal readonly record struct FileStamp(DateTime Written, long Length)
{
    public static FileStamp Of(string path) => new FileInfo(path) is { Exists: true } file ? new FileStamp(file.LastWriteTimeUtc, file.Length) : default;
}
