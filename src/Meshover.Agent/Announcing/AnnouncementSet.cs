using System.Collections.Immutable;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing;

/// <summary>What all sources want announced, at one moment.</summary>
internal sealed record AnnouncementSet
{
    private readonly ListOf<SourceAnnouncements> _sources;

    public static AnnouncementSet Empty { get; } = new();

    /// <summary>In the order of their weight.</summary>
    public ImmutableArray<SourceAnnouncements> Sources { get => _sources.Elements; init => _sources = new(value); }

    /// <summary>Only words differ, if anything: no plan is to be made of that.</summary>
    public bool WantsTheSame(AnnouncementSet other) => ReferenceEquals(this, other) || (Sources.Length == other.Sources.Length
        && Sources.Zip(other.Sources).All(pair => pair.First.Source == pair.Second.Source && new ListOf<Announcement>(pair.First.Announcements).Equals(new(pair.Second.Announcements))));

    /// <summary>
    /// Each prefix once. It is withdrawn where all who ask for it withdraw it; of the others the first says what is told along with it.
    /// </summary>
    public ImmutableArray<AskedAnnouncement> Merge() =>
    [
        .. Sources.SelectMany(source => source.Announcements.Select(announcement => (source.Source, Announcement: announcement)))
            .GroupBy(asked => asked.Announcement.Prefix)
            .Select(asked => new AskedAnnouncement(
                asked.OrderBy(one => one.Announcement.IsWithdrawn).First().Announcement, [.. asked.Select(one => one.Source).Distinct(StringComparer.Ordinal)])),
    ];
}

/// <summary>An announcement and who asks for it.</summary>
internal sealed record AskedAnnouncement(Announcement Announcement, ImmutableArray<string> Sources)
{
    /// <summary>
    /// The operator has it in the settings, whether it is there or not. What other sources ask for is there, as it is what they found.
    /// </summary>
    public bool IsConfigured => Sources.Contains(ConfiguredAnnouncements.Name);
}
