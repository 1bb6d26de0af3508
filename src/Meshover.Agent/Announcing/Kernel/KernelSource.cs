using System.Collections.Immutable;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing.Kernel;

/// <summary>
/// A source that is a part of the kernel's state. It is looked at whole whenever the kernel tells of something that may concern it, so nothing
/// depends on a message that was lost.
/// </summary>
internal abstract class KernelSource(string name) : IAnnouncementSource
{
    private readonly Pulse _changed = new();
    private SourceAnnouncements _current = new(name, "not looked at yet") { Announcements = [] };
    private int _isStale = 1;

    public SourceAnnouncements Current => Volatile.Read(ref _current);

    public Task Changed => _changed.Next;

    /// <summary>It must be told of neighbours, which in a busy segment change all the time, and asked each second whether it is due.</summary>
    public virtual bool HearsNeighbours => false;

    /// <summary>It must be looked at anew because time has passed. Never asked while it is looked at.</summary>
    public virtual bool IsDue => false;

    /// <summary>Takes note of a change. Called on the monitor's thread.</summary>
    /// <returns>Whether it is to be looked at anew.</returns>
    public bool Hear(RouteEvent change)
    {
        if (change is not ResyncEvent && !Concerns(change))
            return false;
        Volatile.Write(ref _isStale, 1);
        return true;
    }

    /// <summary>Looks where there is a reason to. What was announced stays where the kernel does not tell.</summary>
    /// <returns>False: it must be looked at again, a while later.</returns>
    public bool Refresh(IRouteNetlink netlink)
    {
        if (Interlocked.Exchange(ref _isStale, 0) == 0)
            return true;
        try
        {
            Take(Look(netlink).AsSource(name));
            return true;
        }
        catch (NetlinkException e)
        {
            Volatile.Write(ref _isStale, 1);
            Take(Current with { Announcements = Keep(Current.Announcements), Status = $"it cannot be read, and what was announced stays: {e.Message}" });
            return false;
        }
    }

    /// <summary>Whether something that it announces may have changed. Called on the monitor's thread.</summary>
    protected abstract bool Concerns(RouteEvent change);

    /// <exception cref="NetlinkException">The kernel does not tell.</exception>
    protected abstract FoundPrefixes Look(IRouteNetlink netlink);

    /// <summary>What stays announced while the kernel does not tell.</summary>
    protected virtual ImmutableArray<Announcement> Keep(ImmutableArray<Announcement> announced) => announced;

    private void Take(SourceAnnouncements next)
    {
        if (next == Current)
            return;
        Volatile.Write(ref _current, next);
        _changed.Beat();
    }
}
