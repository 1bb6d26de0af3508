using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Routing.Config;

/// <summary>The prefix-lists of a neighbour outside the mesh, of one address family. Each ends with a refusal of everything, as FRR permits all by an empty one.</summary>
internal sealed class ExternalLists(RoutingModel model, AddressFamily family)
{
    private int Bits => family == AddressFamily.InterNetwork ? 32 : 128;

    /// <summary>What it may tell: what this node may learn, and of that what the operator takes from it.</summary>
    public IEnumerable<PrefixListEntry> In(ExternalNeighbor neighbor)
    {
        var learnable = model.Learnable.Where(IsOfFamily).SelectMany(range => neighbor.In.DefaultRoute ? [range] : WithoutDefault(range)).ToList();
        var forbidden = new PrefixLists(model, family).Forbidden().Where(prefix => learnable.Any(range => Prefixes.Overlap(range.Grant.Prefix, prefix)));
        return Numbered([
            .. forbidden.Select(prefix => (0u, false, new PrefixRange(prefix, prefix.PrefixLength, Bits))),
            .. Default(neighbor),
            .. PartsOfOurs().Where(ours => learnable.Any(range => Prefixes.Overlap(range.Grant.Prefix, ours.Prefix))).Select(ours => (1u, false, ours)),
            .. learnable.SelectMany(range => Taken(range, neighbor.In.Prefixes).Select(taken => (Block(range), taken.Permit, taken.Range))),
        ]);
    }

    /// <summary>A default route that is asked for is taken besides what is asked for by prefix.</summary>
    private IEnumerable<(uint Block, bool Permit, PrefixRange Range)> Default(ExternalNeighbor neighbor) =>
        neighbor.In.DefaultRoute
            ? model.Learnable.Where(IsOfFamily).Where(range => range is { IsPermitted: true, Grant.Prefix.PrefixLength: 0 }).Take(1)
                .Select(range => (0u, true, new PrefixRange(range.Grant.Prefix, 0, 0)))
            : [];

    /// <summary>A part of what this node announces itself would win over it, by the longest match.</summary>
    private IEnumerable<PrefixRange> PartsOfOurs() => model.Networks.Select(network => network.Prefix)
        .Where(prefix => prefix.BaseAddress.AddressFamily == family && prefix.PrefixLength is > 0 && prefix.PrefixLength < Bits)
        .Select(prefix => new PrefixRange(prefix, prefix.PrefixLength + 1, Bits));

    /// <summary>The longer prefix decides first.</summary>
    private uint Block(LearnableRange range) => 2 + (uint)(Bits - range.Grant.Prefix.PrefixLength);

    /// <summary>What it is told: what the operator names, of what there is. A default route goes out by another line, where it is asked for.</summary>
    public IEnumerable<PrefixListEntry> Out(ExternalNeighbor neighbor) =>
        Numbered([.. neighbor.Out.Prefixes.Where(IsOfFamily).Select(range => (0u, true, range with { Least = Math.Max(1, range.Least) })).Where(entry => entry.Item3.Least <= entry.Item3.Most)]);

    private static IEnumerable<(bool Permit, PrefixRange Range)> Taken(LearnableRange learnable, ImmutableArray<PrefixRange> asked)
    {
        var (prefix, most) = learnable.Grant;
        var all = new PrefixRange(prefix, prefix.PrefixLength, most);
        if (!learnable.IsPermitted || asked.IsEmpty)
            return [(learnable.IsPermitted, all)];
        return asked.Where(range => Prefixes.Overlap(range.Prefix, prefix)).Select(range => Common(all, range)).Where(range => range.Least <= range.Most).Select(range => (true, range));
    }

    private static PrefixRange Common(PrefixRange a, PrefixRange b) =>
        new(a.Prefix.PrefixLength > b.Prefix.PrefixLength ? a.Prefix : b.Prefix, Math.Max(a.Least, b.Least), Math.Min(a.Most, b.Most));

    private static IEnumerable<LearnableRange> WithoutDefault(LearnableRange range) => range.Grant switch
    {
        { Prefix.PrefixLength: > 0 } => [range],
        { MaxLength: 0 } => [],
        var grant => Prefixes.Halves(grant.Prefix).Select(half => range with { Grant = new RouteGrant(half, grant.MaxLength) }),
    };

    /// <summary>By their texts, so that a grant that comes or goes changes one line; of two that say the same the first holds.</summary>
    private static IEnumerable<PrefixListEntry> Numbered(List<(uint Block, bool Permit, PrefixRange Range)> entries)
    {
        var used = new HashSet<uint>();
        return entries.Select(entry => (entry.Block, entry.Permit, Range: Text(entry.Range))).DistinctBy(entry => entry.Range)
            .Select(entry => new PrefixListEntry(PrefixListEntry.SeqInBlock(entry.Block, entry.Range, used), entry.Permit, entry.Range))
            .OrderBy(entry => entry.Seq)
            .Append(new PrefixListEntry(uint.MaxValue, Permit: false, "any"));
    }

    /// <summary>FRR wants <c>ge</c> above the prefix's own length, and no <c>le</c> that equals it.</summary>
    private static string Text(PrefixRange range)
    {
        var least = range.Least > range.Prefix.PrefixLength ? $" ge {range.Least}" : "";
        var most = range.Most > range.Prefix.PrefixLength ? $" le {range.Most}" : "";
        return $"{PrefixListEntry.Text(range.Prefix)}{least}{most}";
    }

    private bool IsOfFamily(LearnableRange range) => range.Grant.Prefix.BaseAddress.AddressFamily == family;

    private bool IsOfFamily(PrefixRange range) => range.Prefix.BaseAddress.AddressFamily == family;
}
