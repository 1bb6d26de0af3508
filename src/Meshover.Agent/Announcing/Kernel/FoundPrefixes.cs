using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing.Kernel;

/// <summary>What a look at the kernel found to announce, and what it left out, and why.</summary>
/// <param name="IfNone">What is said where nothing is found.</param>
internal sealed class FoundPrefixes(string IfNone)
{
    /// <summary>
    /// As many as the bound on what a neighbour may send counts for a grant (<c>PrefixBound</c>): with more, other nodes would close their sessions
    /// with this one.
    /// </summary>
    public const int Most = 4096;

    private readonly SortedDictionary<string, int> _leftOut = new(StringComparer.Ordinal);
    private readonly Dictionary<IPNetwork, Announcement> _found = [];
    private ImmutableArray<IPNetwork> _twice = [];
    private string? _note;

    /// <summary>One that may be announced, as far as its prefix allows that.</summary>
    public void Add(Announcement announcement)
    {
        if (announcement.Prefix.PrefixLength == 0)
            LeaveOut("default route");
        else if (Prefixes.IsNeverRouted(announcement.Prefix.BaseAddress))
            LeaveOut("loopback, link-local or multicast");
        else
            _found[announcement.Prefix] = announcement;
    }

    /// <summary>What is said beside, of prefixes that are at another node, too.</summary>
    public void NoteTwice(IEnumerable<IPNetwork> prefixes, string note) => (_twice, _note) = ([.. prefixes], note);

    /// <param name="why">A noun without a number, such as "blackhole".</param>
    public void LeaveOut(string why) => _leftOut[why] = _leftOut.GetValueOrDefault(why) + 1;

    /// <param name="name">The source's.</param>
    /// <param name="former">What it announced until now, which stays where there are too many.</param>
    public SourceAnnouncements AsSource(string name, SourceAnnouncements former)
    {
        if (_found.Count > Most)
            return former with { Status = $"it has {_found.Count} prefixes, and no more than {Most} can be announced: what was announced before stays" };
        // In an order of their own: the kernel's changes without a reason.
        var ordered = _found.Keys.OrderBy(prefix => prefix.BaseAddress.AddressFamily).ThenBy(prefix => AddressNumber.Of(prefix.BaseAddress)).ThenBy(prefix => prefix.PrefixLength);
        return new SourceAnnouncements(name, Status()) { Announcements = [.. ordered.Select(prefix => _found[prefix])], Twice = _twice };
    }

    private string Status()
    {
        var found = _found.Count switch { 0 => IfNone, 1 => "1 prefix", var count => $"{count} prefixes" };
        var leftOut = _leftOut.Count == 0 ? null : $"left out: {string.Join(", ", _leftOut.Select(reason => $"{reason.Key} ({reason.Value})"))}";
        return string.Join("; ", new[] { found, leftOut, _note }.OfType<string>());
    }
}
