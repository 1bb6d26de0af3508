using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Announcing.Declared;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing;

/// <summary>What one source wants announced, at one moment.</summary>
/// <param name="Source">Its name, as shown in status: "configuration".</param>
/// <param name="Status">How it stands, for people; a few words.</param>
internal sealed record SourceAnnouncements(string Source, string Status)
{
    private readonly ListOf<Announcement> _announcements;
    private readonly ListOf<IPNetwork> _twice;
    private readonly ListOf<DeclaredStatus> _declared;

    public required ImmutableArray<Announcement> Announcements { get => _announcements.Elements; init => _announcements = new(value); }

    /// <summary>How those stand that were declared with conditions.</summary>
    public ImmutableArray<DeclaredStatus> Declared { get => _declared.Elements; init => _declared = new(value); }

    /// <summary>Of them those that are here although another node, which comes first, has them, too.</summary>
    public ImmutableArray<IPNetwork> Twice { get => _twice.Elements; init => _twice = new(value); }
}
