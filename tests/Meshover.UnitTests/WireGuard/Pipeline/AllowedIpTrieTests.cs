using System.Net;
using CsCheck;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed class AllowedIpTrieTests
{
    [Theory]
    [InlineData("10.1.2.3", "narrow")]
    [InlineData("10.1.3.3", "wide")]
    [InlineData("11.0.0.1", "all")]
    public void Find4_SeveralPrefixes_TakesTheLongest(string address, string expected)
    {
        var trie = Trie(("0.0.0.0/0", "all"), ("10.1.2.0/24", "narrow"), ("10.1.0.0/16", "wide"));
        Assert.Equal(expected, trie.Find4(IPAddress.Parse(address).GetAddressBytes()));
    }

    [Fact]
    public void Find_Families_AreApart()
    {
        var trie = Trie(("::/0", "six"));
        Assert.Null(trie.Find4([10, 0, 0, 1]));
        Assert.Equal("six", trie.Find6(IPAddress.Parse("fd00::1").GetAddressBytes()));
    }

    [Fact]
    public void Find6_HostRoute_MatchesThatHostAlone()
    {
        var trie = Trie(("fd00::1/128", "host"));
        Assert.Equal("host", trie.Find6(IPAddress.Parse("fd00::1").GetAddressBytes()));
        Assert.Null(trie.Find6(IPAddress.Parse("fd00::").GetAddressBytes()));
    }

    [Fact]
    public void Add_SamePrefixTwice_TheLaterOwnsIt()
    {
        var trie = Trie(("10.0.0.0/8", "first"), ("10.0.0.0/8", "second"));
        Assert.Equal("second", trie.Find4([10, 0, 0, 1]));
    }

    [Fact]
    public void Find_AnyPrefixesInAnyOrder_AgreesWithLookingAtAllOfThem() =>
        // Few distinct bytes, so that prefixes nest and addresses hit them.
        Gen.Select(Prefixes(), Gen.Int[0, 3].Array[4].Array[20]).Sample((prefixes, addresses) =>
        {
            var trie = Trie([.. prefixes.Select((prefix, i) => (prefix.ToString(), $"{i}"))]);
            foreach (var bytes in addresses.Select(address => address.Select(Byte).ToArray()))
                Assert.Equal(Slow(prefixes, new IPAddress(bytes)), trie.Find4(bytes));
        });

    private static Gen<IPNetwork[]> Prefixes() =>
        Gen.Select(Gen.Int[0, 3].Array[4], Gen.Int[0, 32])
            .Select((digits, length) => Network([.. digits.Select(Byte)], length)).Array[0, 30];

    private static byte Byte(int digit) => (byte)(digit * 85);

    private static IPNetwork Network(byte[] bytes, int length)
    {
        for (var bit = length; bit < 32; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), length);
    }

    private static string? Slow(IPNetwork[] prefixes, IPAddress address) => prefixes
        .Select((prefix, i) => (prefix, i))
        .Where(entry => entry.prefix.Contains(address))
        .OrderByDescending(entry => entry.prefix.PrefixLength).ThenByDescending(entry => entry.i)
        .Select(entry => $"{entry.i}")
        .FirstOrDefault();

    private static AllowedIpTrie<string> Trie(params (string Prefix, string Value)[] entries)
    {
        var trie = new AllowedIpTrie<string>();
        foreach (var (prefix, value) in entries)
            trie.Add(IPNetwork.Parse(prefix), value);
        return trie;
    }
}
