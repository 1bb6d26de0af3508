using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing;

/// <summary>The prefixes of the setting <c>announce</c>.</summary>
internal sealed class ConfiguredAnnouncements(ImmutableArray<IPNetwork> first) : IAnnouncementSource
{
    public const string Name = "configuration";

    private readonly Pulse _changed = new();
    private SourceAnnouncements _current = Of(first);

    public SourceAnnouncements Current => Volatile.Read(ref _current);

    public Task Changed => _changed.Next;

    /// <summary>The setting was read anew.</summary>
    public void Take(ImmutableArray<IPNetwork> prefixes)
    {
        Volatile.Write(ref _current, Of(prefixes));
        _changed.Beat();
    }

    private static SourceAnnouncements Of(ImmutableArray<IPNetwork> prefixes) =>
        new(Name, prefixes.Length == 1 ? "1 prefix" : $"{prefixes.Length} prefixes") { Announcements = [.. prefixes] };
}
