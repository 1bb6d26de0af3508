using System.Collections.Immutable;
using System.Net;

namespace Meshover.Controller.Live;

/// <summary>What differs between two looks at where peers are.</summary>
internal readonly record struct SightingChange(ImmutableArray<KeyValuePair<uint, IPEndPoint>> Gone, ImmutableArray<KeyValuePair<uint, IPEndPoint>> New)
{
    public static readonly SightingChange None = new([], []);

    public bool IsNone => Gone.IsEmpty && New.IsEmpty;

    /// <summary>Whom it concerns; one that moved is named twice.</summary>
    public IEnumerable<uint> Nodes => Gone.Concat(New).Select(seen => seen.Key);

    /// <summary>O(1) where both are one object, as in most reports.</summary>
    public static SightingChange Between(ImmutableDictionary<uint, IPEndPoint> former, ImmutableDictionary<uint, IPEndPoint> present) =>
        ReferenceEquals(former, present) ? None : new([.. Except(former, present)], [.. Except(present, former)]);

    private static IEnumerable<KeyValuePair<uint, IPEndPoint>> Except(
        ImmutableDictionary<uint, IPEndPoint> observed, ImmutableDictionary<uint, IPEndPoint> other) =>
        observed.Where(seen => !seen.Value.Equals(other.GetValueOrDefault(seen.Key)));
}
