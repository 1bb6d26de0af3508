using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Trust;

/// <summary>
/// The running agent's identity: read by all, changed by one at a time, and written down. Where the disk takes no more, it goes on
/// from memory: a node that works must not fall over a full disk.
/// </summary>
internal sealed partial class IdentityKeeper(IdentityStore store, NodeIdentity first, ILogger logger)
{
    private readonly Lock _lock = new();
    private NodeIdentity _current = first;
    private NodeIdentity _saved = first;

    public NodeIdentity Current => Volatile.Read(ref _current);

    /// <summary>Whether what is current is on the disk, too.</summary>
    public bool IsSaved
    {
        get
        {
            lock (_lock)
                return ReferenceEquals(_current, _saved);
        }
    }

    /// <summary>Applies a change and writes it down, unless it changes nothing. What could not be written is tried again with the next call.</summary>
    public NodeIdentity Update(Func<NodeIdentity, NodeIdentity> change)
    {
        lock (_lock)
        {
            var next = change(_current);
            Volatile.Write(ref _current, next);
            if (!ReferenceEquals(next, _saved))
                TrySave(next);
            return next;
        }
    }

    private void TrySave(NodeIdentity identity)
    {
        try
        {
            store.Update(disk => identity.WithSettingsOf(disk));
            _saved = identity;
        }
        catch (AgentException e)
        {
            LogUnsaved(logger, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The identity is kept in memory only: {Reason}")]
    private static partial void LogUnsaved(ILogger logger, string reason);
}
