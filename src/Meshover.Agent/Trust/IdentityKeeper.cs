namespace Meshover.Agent.Trust;

/// <summary>The running agent's identity: read by all, changed by one at a time, on disk before it counts.</summary>
internal sealed class IdentityKeeper(IdentityStore store, NodeIdentity first)
{
    private readonly Lock _lock = new();
    private NodeIdentity _current = first;

    public NodeIdentity Current => Volatile.Read(ref _current);

    /// <summary>Applies a change and writes it down, unless it changes nothing.</summary>
    public NodeIdentity Update(Func<NodeIdentity, NodeIdentity> change)
    {
        lock (_lock)
        {
            var next = change(_current);
            if (!ReferenceEquals(next, _current))
            {
                store.Save(next);
                Volatile.Write(ref _current, next);
            }
            return next;
        }
    }
}
