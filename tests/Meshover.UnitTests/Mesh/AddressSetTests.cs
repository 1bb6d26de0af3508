using System.Net;
using CsCheck;
using Meshover.Mesh.Addressing;

namespace Meshover.UnitTests.Mesh;

public sealed class AddressSetTests
{
    // Few distinct bits, so that addresses often lie in prefixes, at their first and last address too.
    private static readonly Gen<byte> Bits = Gen.OneOf(Gen.Const((byte)0), Gen.Const((byte)255), Gen.Byte[127, 128]);
    private static readonly Gen<IPAddress> Address = Gen.OneOf(Bits.Array[4], Bits.Array[16]).Select(bytes => new IPAddress(bytes));

    private static readonly Gen<IPNetwork> Prefix = Gen.Select(Address, Gen.Int[0, 128])
        .Select((address, length) => Prefixes.Containing(address, Math.Min(length, address.GetAddressBytes().Length * 8)));

    [Fact]
    public void AnyIn_OfAnyAddressesAndPrefix_IsWhatAskingEachAddressGives() =>
        Gen.Select(Address.Array[0, 12], Prefix).Sample((addresses, prefix) =>
            new AddressSet(addresses).AnyIn(prefix) == addresses.Any(prefix.Contains));

    [Theory]
    [InlineData("0.0.0.0/0", true)]
    [InlineData("::/0", true)]
    [InlineData("192.0.2.0/24", true)]
    [InlineData("192.0.2.7/32", true)]
    [InlineData("192.0.2.8/29", false)]
    [InlineData("2001:db8::/32", true)]
    [InlineData("2001:db8::8/125", false)]
    [InlineData("c000:207::/32", false)]
    public void AnyIn_OneAddressOfEachFamily_IsFoundInItsPrefixesAlone(string prefix, bool expected) =>
        Assert.Equal(expected, new AddressSet([IPAddress.Parse("192.0.2.7"), IPAddress.Parse("2001:db8::7")]).AnyIn(IPNetwork.Parse(prefix)));
}
