namespace Meshover.Agent;

/// <summary>Held while an agent runs: two would undo each other's work. The kernel releases it with the process, however that ends.</summary>
internal static class AgentLock
{
    /// <exception cref="AgentException">Another agent holds it, or the directory cannot be used.</exception>
    public static FileStream Take(string runtimeDirectory)
    {
        var path = Path.Combine(runtimeDirectory, "agent.lock");
        try
        {
            Directory.CreateDirectory(runtimeDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new AgentException($"Cannot use {runtimeDirectory}: {e.Message} Run this as root.", e);
        }
        catch (IOException e)
        {
            throw new AgentException($"Another agent runs already (it holds {path}); stop it first, or let it run. ({e.Message})", e);
        }
    }
}
