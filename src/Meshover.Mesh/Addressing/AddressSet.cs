using System.Net;
using System.Net.Sockets;

namespace Meshover.Mesh.Addressing;

/// <summary>
/// Addresses to be asked whether any of them lies in a prefix. Sorted once, O(n log n); each question is then a binary search,
/// O(log n): a plan asks for every grant of the mesh, among every endpoint.
/// </summary>
internal sealed class AddressSet
{
    private readonly UInt128[] _v4;
    private readonly UInt128[] _v6;

    public AddressSet(IEnumerable<IPAddress> addresses)
    {
        var families = addresses.ToLookup(address => address.AddressFamily, AddressNumber.Of);
        _v4 = [.. families[AddressFamily.InterNetwork].Order()];
        _v6 = [.. families[AddressFamily.InterNetworkV6].Order()];
    }

    /// <summary>As <see cref="IPNetwork.Contains"/> of any one: an address of the other family is in no prefix.</summary>
    public bool AnyIn(IPNetwork prefix)
    {
        var isV4 = prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
        var (sorted, hostBits) = (isV4 ? _v4 : _v6, (isV4 ? 32 : 128) - prefix.PrefixLength);
        var first = AddressNumber.Of(prefix.BaseAddress);
        // A shift by all 128 bits would be one by none.
        var last = hostBits == 128 ? UInt128.MaxValue : first | ((UInt128.One << hostBits) - 1);
        var index = Array.BinarySearch(sorted, first);
        var next = index >= 0 ? index : ~index;
        return next < sorted.Length && sorted[next] <= last;
    }
}
