namespace Meshover.Agent.Announcing;

/// <summary>Somebody who wants prefixes announced by this node. Safe from any thread.</summary>
internal interface IAnnouncementSource
{
    /// <summary>What it wants now; immutable.</summary>
    SourceAnnouncements Current { get; }

    /// <summary>Completes when <see cref="Current"/> is another one than at the time of asking.</summary>
    Task Changed { get; }
}
