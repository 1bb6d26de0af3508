using System.Net;
using System.Net.Sockets;
using ARSoft.Tools.Net;

namespace Meshover.Names.Zones;

/// <summary>
/// The zones that are below in-addr.arpa (RFC 1035, section 3.5) or ip6.arpa (RFC 3596, section 2.5) for a pool: cut at whole labels, so that none has
/// a name of an address outside it. A pool of 10.0.0.0/9 has 128, one of fd00::/48 has one.
/// </summary>
internal static class ReverseZones
{
    private const int BitsOfByte = 8, BitsOfNibble = 4;

    /// <summary>in-addr and arpa.</summary>
    private const int Suffix = 2;

    public static IEnumerable<DomainName> Of(IPNetwork pool)
    {
        var unit = pool.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? BitsOfByte : BitsOfNibble;
        var labels = Math.Max(1, (pool.PrefixLength + unit - 1) / unit);
        var zones = 1 << ((labels * unit) - pool.PrefixLength);
        // Where the last label ends, counted from the first bit of the address.
        var end = labels * unit;
        for (var zone = 0; zone < zones; zone++)
        {
            var bytes = pool.BaseAddress.GetAddressBytes();
            bytes[(end - 1) / BitsOfByte] += (byte)(zone << (((end + BitsOfByte - 1) / BitsOfByte * BitsOfByte) - end));
            var whole = new IPAddress(bytes).GetReverseLookupDomain();
            yield return whole.GetParentName(whole.LabelCount - Suffix - labels);
        }
    }
}
