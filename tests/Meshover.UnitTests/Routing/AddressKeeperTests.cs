using System.Net;
using System.Text.Json;
using Meshover.Linux.Netlink;
using Meshover.Routing.Supervision;
using Meshover.Routing.Vtysh;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class AddressKeeperTests
{
    private const string Said = """
        {
          "lo":{"index":1,"ipAddresses":[]},
          "mo-00000002":{"index":7,"ipAddresses":[
            {"address":"10.249.0.1/32","secondary":false,"unnumbered":true},
            {"address":"FE80:0:0::1/64","secondary":false,"unnumbered":false}]},
          "mo-00000003":{"index":8,"ipAddresses":[{"address":"10.249.0.1/32","secondary":false,"unnumbered":true}]},
          "eth0":{"index":2,"ipAddresses":[]},
          "mo-00000005":{"administrativeStatus":"down","pseudoInterface":true}
        }
        """;

    private static readonly LinkInfo[] Links = [Link(2, "eth0"), Link(7, "mo-00000002"), Link(8, "mo-00000003"), Link(9, "mo-00000004")];

    [Fact]
    public void Parse_InterfacesOfZebra_GivesTheirAddressesInOneSpelling()
    {
        var known = ZebraInterfaces.Parse(Said);

        Assert.Equal(["10.249.0.1/32", "fe80::1/64"], known["mo-00000002"].Order(StringComparer.Ordinal));
        Assert.Empty(known["lo"]);
        Assert.Empty(known["mo-00000005"]); // configured, and not there yet
    }

    [Theory]
    [InlineData("")]
    [InlineData("% Unknown command")]
    [InlineData("""{"eth0":{"ipAddresses":[{"address":"nonsense"}]}}""")]
    public void Parse_SomethingElse_IsRefused(string said) => Assert.ThrowsAny<JsonException>(() => ZebraInterfaces.Parse(said));

    [Fact]
    public void Missing_OneAddressOfALinkOfOurs_IsThatOneAndNothingOfOthers()
    {
        AddressInfo[] addresses =
        [
            Address(2, "192.0.2.1", 24), Address(7, "10.249.0.1", 32), Address(7, "fe80::1", 64), Address(8, "10.249.0.1", 32), Address(8, "fe80::1", 64),
            Address(9, "fe80::1", 64), // zebra knows no such link yet; it will ask for its addresses then
        ];

        var missing = AddressKeeper.Missing(Links, addresses, ZebraInterfaces.Parse(Said));

        Assert.Equal(("mo-00000003", addresses[4]), Assert.Single(missing));
    }

    [Theory]
    [InlineData(AddressFlags.Permanent | AddressFlags.Tentative)]
    [InlineData(AddressFlags.Permanent | AddressFlags.DadFailed)]
    [InlineData(AddressFlags.None)]
    public void Missing_AnAddressThatIsNotInUseForGood_IsLeftAlone(AddressFlags flags) =>
        Assert.Empty(AddressKeeper.Missing(Links, [Address(8, "fe80::1", 64) with { Flags = flags }], ZebraInterfaces.Parse(Said)));

    [Fact]
    public void Gone_LinkThatIsNeitherThereNorToCome_IsForgottenAndNothingOfOthers()
    {
        string[] known = ["lo", "eth9", "mo-00000002", "mo-00000005", "mo-00000006"];
        Assert.Equal(["mo-00000006"], AddressKeeper.Gone(Links, known, "interface mo-00000005\n ipv6 nd ra-interval 1\nexit\n"));
        Assert.Empty(AddressKeeper.Gone(Links, known, configured: null));
    }

    private static LinkInfo Link(int index, string name) => new() { Index = index, Name = name };

    private static AddressInfo Address(int link, string address, int length) =>
        new() { LinkIndex = link, Address = IPAddress.Parse(address), PrefixLength = length, Flags = AddressFlags.Permanent };
}
