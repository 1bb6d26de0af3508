using System.Text.Json;

namespace Meshover.Agent.Trust;

/// <summary>Keeps the identity in <c>identity.json</c> (0600), replaced atomically: a reader, or a crash, sees the old one or the new.</summary>
public sealed class IdentityStore(string stateDirectory)
{
    public string FilePath { get; } = Path.Combine(stateDirectory, "identity.json");

    /// <summary>Null where this machine has none.</summary>
    /// <exception cref="AgentException">The file is there and cannot be read or understood.</exception>
    public NodeIdentity? Load()
    {
        try
        {
            return IdentityFile.FromJson(File.ReadAllBytes(FilePath));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"Cannot read the identity {FilePath}: {e.Message} Run this as root.", e);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new AgentException($"The identity {FilePath} is damaged ({e.Message}). Put a copy back, or run `meshover leave --force` and join again.", e);
        }
    }

    /// <exception cref="AgentException">It cannot be written.</exception>
    public void Save(NodeIdentity identity)
    {
        try
        {
            AtomicFile.Write(FilePath, IdentityFile.ToJson(identity));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"Cannot write the identity {FilePath}: {e.Message} Run this as root, on a disk with room.", e);
        }
    }

    /// <summary>And its directory, where nothing else is in it. Nothing to do where there is none.</summary>
    public void Delete()
    {
        if (!Directory.Exists(stateDirectory))
            return;
        File.Delete(FilePath);
        if (!Directory.EnumerateFileSystemEntries(stateDirectory).Any())
            Directory.Delete(stateDirectory);
    }
}
