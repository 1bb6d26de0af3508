using System.Text.Json;

namespace Meshover.Agent.Trust;

/// <summary>Keeps the identity in <c>identity.json</c> (0600), replaced atomically: a reader, or a crash, sees the old one or the new.</summary>
public sealed class IdentityStore(string stateDirectory)
{
    // EWOULDBLOCK of Linux, which .NET keeps as the HResult of what flock refused.
    private const int WouldBlock = 11;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public string FilePath { get; } = Path.Combine(stateDirectory, "identity.json");

    /// <summary>Held by whoever changes the identity; <c>down</c> removes it.</summary>
    public static string LockFileOf(string identityFile) => $"{identityFile}.lock";

    private string LockPath => LockFileOf(FilePath);

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
            throw new AgentException($"The identity {FilePath} is damaged ({e.Message}). Put a copy back, or run `meshover leave --force` and join again, with a token made with `--replace` or after `meshover node remove` on the controller: the former node still holds the hostname.", e);
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
            throw new AgentException($"Cannot write the identity {FilePath}: {e.Message} Run this as root, on a disk with free space.", e);
        }
    }

    /// <summary>Changes what is on the disk; whoever else does so waits for moments.</summary>
    /// <param name="change">Is given what is there: null where nothing is, or nothing that can be read.</param>
    /// <exception cref="AgentException">It cannot be written.</exception>
    public NodeIdentity Update(Func<NodeIdentity?, NodeIdentity> change)
    {
        using var alone = Lock();
        var next = change(TryLoad());
        Save(next);
        return next;
    }

    private NodeIdentity? TryLoad()
    {
        try
        {
            return Load();
        }
        catch (AgentException)
        {
            return null;
        }
    }

    private FileStream Lock()
    {
        FileStream? taken = null;
        return SpinWait.SpinUntil(() => (taken = TryLock()) is not null, Patience) ? taken! : throw new AgentException(
            $"Cannot write the identity {FilePath}: another program has held it for {Patience.TotalSeconds:0} s (`fuser {LockPath}` names it).");
    }

    // FileShare.None is flock(LOCK_EX | LOCK_NB) on Linux, gone with the process. Null where another has it.
    private FileStream? TryLock()
    {
        try
        {
            AtomicFile.CreateDirectory(stateDirectory);
            return new FileStream(LockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"Cannot write the identity {FilePath}: {e.Message} Run this as root, on a disk with free space.", e);
        }
    }

    /// <summary>And its directory, where nothing else is in it. Nothing to do where there is none.</summary>
    public void Delete()
    {
        if (!Directory.Exists(stateDirectory))
            return;
        File.Delete(FilePath);
        File.Delete(LockPath);
        if (!Directory.EnumerateFileSystemEntries(stateDirectory).Any())
            Directory.Delete(stateDirectory);
    }
}
