using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Meshover.Mesh.Addressing;

/// <summary>
/// Prefixes to be asked for the longest that holds an address, as a routing table is. Made once, O(n); a question costs a look-up for each
/// length that occurs, however many prefixes there are: some ten, where a walk over all would be thousands.
/// </summary>
public sealed class PrefixTable<T>
{
    private readonly ImmutableArray<Level> _v4;
    private readonly ImmutableArray<Level> _v6;

    /// <param name="entries">Of one prefix twice, the first counts.</param>
    public PrefixTable(IEnumerable<(IPNetwork Prefix, T Value)> entries)
    {
        var families = entries.ToLookup(entry => entry.Prefix.BaseAddress.AddressFamily);
        _v4 = LevelsOf(families[AddressFamily.InterNetwork], bits: 32);
        _v6 = LevelsOf(families[AddressFamily.InterNetworkV6], bits: 128);
    }

    /// <summary>The longest prefix with the address in it.</summary>
    public bool TryFind(IPAddress address, out int length, out T? value) => TryFind(address, longest: 128, out length, out value);

    /// <summary>The longest prefix that holds all of the network; it may be the same.</summary>
    public bool TryFind(IPNetwork network, out int length, out T? value) => TryFind(network.BaseAddress, network.PrefixLength, out length, out value);

    private bool TryFind(IPAddress address, int longest, out int length, out T? value)
    {
        var number = AddressNumber.Of(address);
        foreach (var level in address.AddressFamily == AddressFamily.InterNetwork ? _v4 : _v6)
        {
            length = level.Length;
            if (length <= longest && level.Values.TryGetValue(number & level.Mask, out value))
                return true;
        }
        (length, value) = (-1, default);
        return false;
    }

    private static ImmutableArray<Level> LevelsOf(IEnumerable<(IPNetwork Prefix, T Value)> entries, int bits) =>
    [
        .. entries
            .GroupBy(entry => entry.Prefix.PrefixLength)
            .OrderByDescending(level => level.Key)
            .Select(level => new Level(
                level.Key,
                MaskOf(bits - level.Key),
                level.DistinctBy(entry => entry.Prefix).ToDictionary(entry => AddressNumber.Of(entry.Prefix.BaseAddress), entry => entry.Value))),
    ];

    // A shift by all 128 bits would be one by none.
    private static UInt128 MaskOf(int hostBits) => hostBits == 128 ? 0 : ~((UInt128.One << hostBits) - 1);

    private sealed record Level(int Length, UInt128 Mask, Dictionary<UInt128, T> Values);
}
