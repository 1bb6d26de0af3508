using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.Linux.Namespaces;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>One sysctl that we changed.</summary>
/// <param name="Key">Dotted key.</param>
/// <param name="Before">Its value before.</param>
/// <param name="Set">What we made it.</param>
/// <param name="Beside">Of forwarding: the interfaces of other programs that would forward, and were there already.</param>
internal sealed record SysctlEntry(string Key, string Before, string Set, IReadOnlyList<string>? Beside = null);

/// <param name="Life">Of the kernel's namespace, see <see cref="SysctlMemoryFile.LifeOf"/>.</param>
internal sealed record SysctlMemoryContent(string Life, List<SysctlEntry> Entries);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SysctlMemoryContent))]
[JsonSerializable(typeof(List<SysctlEntry>))]
internal sealed partial class SysctlMemoryJson : JsonSerializerContext;

/// <summary>
/// The file of <see cref="SysctlMemory"/>. It counts for one life of the kernel's namespace: a machine that was started anew, or a
/// container, has forgotten what we set, and what has the same value there was set by somebody else.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="life">Empty: any.</param>
internal sealed class SysctlMemoryFile(string path, string life)
{
    /// <summary>One boot, and the network namespace within it.</summary>
    /// <param name="namespacePath">Null for that of the calling thread.</param>
    internal static string LifeOf(string? namespacePath)
    {
        var inode = namespacePath is null ? NetworkNamespace.CurrentInode() : NetworkNamespace.RunIn(namespacePath, NetworkNamespace.CurrentInode);
        return $"{Boot.Id()} {inode}";
    }

    /// <summary>What is written down of this life. A damaged file is set aside: nothing waits for it, and nothing is lost that could be read.</summary>
    /// <param name="problem">What was wrong with it.</param>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    internal List<SysctlEntry> Load(out string? problem)
    {
        problem = null;
        try
        {
            var content = Parse(File.ReadAllBytes(path));
            return life.Length == 0 || content.Life.Length == 0 || content.Life == life ? content.Entries : [];
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (JsonException error)
        {
            problem = SetAside(error.Message);
            return [];
        }
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    internal void Save(List<SysctlEntry> entries)
    {
        // `down` on a machine that was never up: not even the directory is there.
        if (entries.Count > 0)
            AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(new SysctlMemoryContent(life, entries), SysctlMemoryJson.Default.SysctlMemoryContent));
        else if (File.Exists(path))
            File.Delete(path);
    }

    // The first form was the bare list.
    private static SysctlMemoryContent Parse(byte[] content)
    {
        var read = content is [(byte)'[', ..]
            ? new SysctlMemoryContent("", JsonSerializer.Deserialize(content, SysctlMemoryJson.Default.ListSysctlEntry) ?? [])
            : JsonSerializer.Deserialize(content, SysctlMemoryJson.Default.SysctlMemoryContent);
        return read is null || read.Entries.Exists(entry => entry is null) ? throw new JsonException("something in it is null") : read;
    }

    private string SetAside(string reason)
    {
        var damaged = $"{path}.damaged";
        try
        {
            File.Move(path, damaged, overwrite: true);
            return $"{path} was damaged ({reason}) and is now {damaged}: sysctls saved only there are left as they are";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"{path} is damaged ({reason}) and cannot be set aside ({error.Message}): sysctls saved only there are left as they are";
        }
    }
}
