namespace Meshover.Controller.Stores.Sqlite;

/// <summary>Keeps a second controller from the same file: an exclusive lock (flock) on <c>FILE.lock</c>, gone with the process.</summary>
internal sealed class StoreLock : IDisposable
{
    private readonly FileStream _file;

    private StoreLock(FileStream file) => _file = file;

    /// <exception cref="StoreException">Another process has it, or there is no permission.</exception>
    public static StoreLock Take(string storePath)
    {
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB) on Linux.
            return new StoreLock(new FileStream(storePath + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StoreException("open the store", storePath, "permission denied. Run it as root, or as the user who owns it.", e);
        }
        catch (DirectoryNotFoundException e)
        {
            throw new StoreException("open the store", storePath, "its directory does not exist. Run `meshover-controller init` first.", e);
        }
        catch (IOException e)
        {
            throw new StoreException("open the store", storePath, "another controller is using it. Stop that one first.", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
