using System.Globalization;
using System.Net;
using System.Text;
using Meshover.Mesh.Addressing;

namespace Meshover.Routing.Config;

/// <summary>One line of a prefix-list.</summary>
/// <param name="Seq">1-4294967295.</param>
/// <param name="Range">Prefix with <c>ge</c> and <c>le</c> in FRR's words.</param>
internal readonly record struct PrefixListEntry(uint Seq, bool Permit, string Range)
{
    /// <summary>
    /// Permits for these grants, each once. An entry's number comes from its text and not from its place: a grant that comes or goes
    /// then changes one line, and never renumbers (takes away and adds again) those of other nodes.
    /// </summary>
    public static List<PrefixListEntry> ForGrants(IEnumerable<RouteGrant> grants)
    {
        var used = new HashSet<uint>();
        return [.. grants.Select(RangeOf).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(range => new PrefixListEntry(FreeSeq(range, used), true, range)).OrderBy(e => e.Seq)];
    }

    /// <summary><c>10.0.0.0/8</c>, or <c>10.0.0.0/8 le 24</c>; FRR refuses an <c>le</c> that equals the prefix's own length.</summary>
    public static string RangeOf(RouteGrant grant) =>
        grant.MaxLength > grant.Prefix.PrefixLength ? $"{Text(grant.Prefix)} le {grant.MaxLength}" : Text(grant.Prefix);

    public static string Text(IPNetwork prefix) => string.Create(CultureInfo.InvariantCulture, $"{prefix.BaseAddress}/{prefix.PrefixLength}");

    /// <summary>A number for an entry by its text, in the given block of ten million; entries of a lower block come first.</summary>
    /// <param name="block">0-400.</param>
    public static uint SeqInBlock(uint block, string range, HashSet<uint> used) => FreeSeq(range, used, block * 10_000_000);

    /// <summary>A number for an entry by its text, from <paramref name="first"/> to <paramref name="last"/>, which are more than there are entries.</summary>
    public static uint SeqBetween(uint first, uint last, string range, HashSet<uint> used)
    {
        var count = last - first + 1;
        var at = Fnv1a(range) % count;
        while (!used.Add(first + at)) at = (at + 1) % count;
        return first + at;
    }

    private static uint FreeSeq(string range, HashSet<uint> used, uint from = 0)
    {
        var seq = from + Fnv1a(range);
        while (!used.Add(seq)) seq++;
        return seq;
    }

    /// <summary>FNV-1a folded to 10,000-10,009,999: above what stands first in a list, short to read, and two of 1,000 grants share a number in 5 % of meshes only.</summary>
    private static uint Fnv1a(string text)
    {
        var hash = 2166136261u;
        foreach (var b in Encoding.ASCII.GetBytes(text)) hash = unchecked((hash ^ b) * 16777619);
        return hash % 10_000_000 + 10_000;
    }
}
