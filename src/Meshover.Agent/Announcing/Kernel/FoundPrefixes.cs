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

    private const int MostNamed = 5;

    private readonly SortedDictionary<string, int> _leftOut = new(StringComparer.Ordinal);
    private readonly Dictionary<IPNetwork, Announcement> _found = [];
    private readonly List<string> _notes = [];
    private ImmutableArray<IPNetwork> _twice = [];

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
    public void NoteTwice(IEnumerable<IPNetwork> prefixes, string note)
    {
        _twice = [.. prefixes];
        Note(note);
    }

    /// <summary>What is said beside.</summary>
    public void Note(string note) => _notes.Add(note);

    /// <param name="why">A noun without a number, such as "blackhole".</param>
    public void LeaveOut(string why) => _leftOut[why] = _leftOut.GetValueOrDefault(why) + 1;

    /// <param name="name">The source's.</param>
    public SourceAnnouncements AsSource(string name)
    {
        // In an order of their own: the kernel's changes without a reason. Where there are too many, it says which are announced, before a restart and after.
        var ordered = _found.Keys.OrderBy(prefix => prefix.BaseAddress.AddressFamily).ThenBy(prefix => AddressNumber.Of(prefix.BaseAddress)).ThenBy(prefix => prefix.PrefixLength).ToList();
        if (ordered.Count > Most)
            Note(TooMany(ordered[Most..]));
        return new SourceAnnouncements(name, Status()) { Announcements = [.. ordered.Take(Most).Select(prefix => _found[prefix])], Twice = _twice };
    }

    private static string TooMany(List<IPNetwork> rest) =>
        $"no more than {Most} can be announced, so these are not: {string.Join(", ", rest.Take(MostNamed))}" + (rest.Count > MostNamed ? $" and {rest.Count - MostNamed} more" : "");

    private string Status()
    {
        var found = _found.Count switch { 0 => IfNone, 1 => "1 prefix", var count => $"{count} prefixes" };
        var leftOut = _leftOut.Count == 0 ? null : $"left out: {string.Join(", ", _leftOut.Select(reason => $"{reason.Key} ({reason.Value})"))}";
        return string.Join("; ", new[] { found, leftOut }.Concat(_notes).OfType<string>());
    }
}
