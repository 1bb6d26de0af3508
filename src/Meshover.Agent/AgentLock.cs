using Meshover.Linux.Files;

namespace Meshover.Agent;

/// <summary>Keeps a second agent from a state directory, whatever its runtime directory: each would lose the other's keys.</summary>
internal static class AgentLock
{
    /// <summary>Nothing is written for it: an agent starts on a full disk, too.</summary>
    /// <exception cref="AgentException">Another agent has it, or the directory cannot be read.</exception>
    public static IDisposable Take(string stateDirectory)
    {
        try
        {
            return DirectoryLock.TryTake(stateDirectory) ?? throw new AgentException(
                $"Another agent keeps its state in {stateDirectory}: end it (`fuser {stateDirectory}` names it), or give this one a directory of its own (--state-dir).");
        }
        catch (IOException e)
        {
            throw new AgentException($"Cannot use {stateDirectory}: {e.Message} Run this as root.", e);
        }
    }
}
