using System.Collections.Immutable;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing;

/// <summary>What one source wants announced, at one moment.</summary>
/// <param name="Source">Its name, as shown in status: "configuration".</param>
/// <param name="Status">How it stands, for people; a few words.</param>
internal sealed record SourceAnnouncements(string Source, string Status)
{
    private readonly ListOf<Announcement> _announcements;

    public required ImmutableArray<Announcement> Announcements { get => _announcements.Elements; init => _announcements = new(value); }
}
