using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Meshover.WireGuard.Control;

/// <summary>
/// A small file that is replaced whole: whoever reads it finds the old or the new, also after a crash in between. Mode 0600.
/// </summary>
internal static class StateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">No permission.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
        using (var file = new FileStream(temporary, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    public static void Write<T>(string path, T content, JsonTypeInfo<T> type) =>
        Write(path, JsonSerializer.SerializeToUtf8Bytes(content, type));

    /// <summary>Null if there is no such file.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
        where T : class => ReadBytes(path) is { } bytes ? JsonSerializer.Deserialize(bytes, type) : null;

    public static byte[]? ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
