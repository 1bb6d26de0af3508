using System.Globalization;
using Meshover.Linux.Files;

namespace Meshover.Agent;

/// <summary>Replaces a file whole: temporary file, fsync, rename. Readable by root only.</summary>
public static class AtomicFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PrivateDirectory = Private | UnixFileMode.UserExecute;

    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        CreateDirectory(directory);
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            WriteNew(temporary, content);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            // A disk that is full is not to be filled with these, too.
            File.Delete(temporary);
            throw;
        }
        // The renaming itself is on the disk only when its directory is.
        DirectorySync.Flush(directory);
    }

    /// <summary>For root only, where it is made now.</summary>
    public static void CreateDirectory(string directory) => Directory.CreateDirectory(directory, PrivateDirectory);

    /// <summary>Deletes what writers left that were killed while they wrote. Whoever is still alive may be writing.</summary>
    public static void Tidy(string directory)
    {
        if (!Directory.Exists(directory))
            return;
        foreach (var file in Directory.EnumerateFiles(directory, "*.tmp"))
        {
            var writer = Path.GetExtension(Path.GetFileNameWithoutExtension(file)).TrimStart('.');
            if (int.TryParse(writer, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && (id == Environment.ProcessId || !Directory.Exists($"/proc/{id}")))
                File.Delete(file);
        }
    }

    private static void WriteNew(string path, ReadOnlySpan<byte> content)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = Private,
            BufferSize = 0,
        };
        using var file = new FileStream(path, options);
        file.Write(content);
        file.Flush(flushToDisk: true);
    }
}
