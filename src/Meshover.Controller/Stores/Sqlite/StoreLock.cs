namespace Meshover.Controller.Stores.Sqlite;

/// <summary>Keeps a second controller from the same file: an exclusive lock (flock) on <c>FILE.lock</c>, gone with the process.</summary>
internal sealed class StoreLock : IDisposable
{
    // EWOULDBLOCK of Linux, which .NET keeps as the HResult of what flock refused.
    private const int WouldBlock = 11;

    private readonly FileStream _file;

    private StoreLock(FileStream file) => _file = file;

    /// <exception cref="StoreException">Another process has it, there is no permission, or the disk takes no file.</exception>
    public static StoreLock Take(string storePath)
    {
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB) on Linux.
            return new StoreLock(new FileStream(storePath + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException("open the store", storePath, WhyNot(e), e);
        }
    }

    public void Dispose() => _file.Dispose();

    private static string WhyNot(Exception error) => error switch
    {
        UnauthorizedAccessException => "permission denied. Run it as root, or as the user who owns it.",
        DirectoryNotFoundException => "its directory does not exist. Run `meshover-controller init` first.",
        IOException { HResult: WouldBlock } => "another controller is using it. Stop that one first.",
        _ => $"its lock cannot be made ({error.Message.TrimEnd('.')}). Make room, or make the disk writable.",
    };
}
