using System.Net;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Fuzz;

public sealed class RoutesFuzzTests
{
    [Fact]
    public void Find_AnyPrefixesOfBothFamilies_AgreesWithLookingAtAllOfThem() => Fuzzing.Run(
        dice =>
        {
            var prefixes = Enumerable.Range(0, dice.Next(0, 40)).Select(_ => Prefix(dice)).ToList();
            var trie = new AllowedIpTrie<string>();
            for (var i = 0; i < prefixes.Count; i++)
                trie.Add(prefixes[i], $"{i}");
            for (var i = 0; i < 20; i++)
            {
                var address = Address(dice, dice.Chance(50) ? 4 : 16);
                Assert.Equal(Slow(prefixes, new IPAddress(address)), address.Length == 4 ? trie.Find4(address) : trie.Find6(address));
            }
        },
        iterations: 1_000);

    // Few distinct bytes, so that prefixes nest and addresses hit them.
    private static byte[] Address(Dice dice, int length)
    {
        var address = new byte[length];
        foreach (ref var value in address.AsSpan())
            value = dice.Pick<byte>(0, 0, 0x55, 0xff);
        return address;
    }

    private static IPNetwork Prefix(Dice dice)
    {
        var bytes = Address(dice, dice.Chance(50) ? 4 : 16);
        var bits = bytes.Length * 8;
        var length = dice.Chance(30) ? dice.Pick(0, 1, bits - 1, bits) : dice.Next(0, bits + 1);
        for (var bit = length; bit < bits; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), length);
    }

    // Bit by bit: IPNetwork.Contains has opinions of its own on addresses that stand for IPv4 ones.
    private static bool Contains(IPNetwork prefix, byte[] address)
    {
        var bytes = prefix.BaseAddress.GetAddressBytes();
        return bytes.Length == address.Length
            && Enumerable.Range(0, prefix.PrefixLength).All(bit => ((bytes[bit / 8] ^ address[bit / 8]) & (0x80 >> (bit % 8))) == 0);
    }

    private static string? Slow(List<IPNetwork> prefixes, IPAddress address) => prefixes
        .Select((prefix, i) => (prefix, i))
        .Where(entry => Contains(entry.prefix, address.GetAddressBytes()))
        .OrderByDescending(entry => entry.prefix.PrefixLength).ThenByDescending(entry => entry.i)
        .Select(entry => $"{entry.i}")
        .FirstOrDefault();
}
