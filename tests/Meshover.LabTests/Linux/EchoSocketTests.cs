using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Icmp;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Xunit;

namespace Meshover.LabTests.Linux;

public sealed class EchoSocketTests : IDisposable
{
    private readonly TestNamespace _here = new();
    private readonly TestNamespace _there = new();

    public EchoSocketTests()
    {
        _here.Netlink.CreateLink(LinkSpec.Veth("a0", "b0", _there.Path));
        Furnish(_here.Netlink, "a0", "fe80::1");
        Furnish(_there.Netlink, "b0", "fe80::2");
    }

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
    }

    [Fact]
    public async Task Ask_NeighbourWithoutAnyProgram_ItsKernelAnswersByTheLink()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var echo = NetworkNamespace.RunIn(_here.Path, () => new EchoSocket());
        var neighbour = Address("fe80::2");
        echo.Ask(neighbour);
        Assert.Equal(neighbour, await echo.ReceiveAsync(deadline.Token));
    }

    [Fact]
    public void OpenSocket_OtherMessagesOfIcmpV6_WakeNobody()
    {
        using var filtered = NetworkNamespace.RunIn(_here.Path, EchoSocket.OpenSocket);
        using var all = NetworkNamespace.RunIn(_here.Path, () => new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6));
        using var sender = NetworkNamespace.RunIn(_there.Path, () => new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6));
        const byte routerAdvertisement = 134;
        sender.SendTo([routerAdvertisement, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], new IPEndPoint(new IPAddress(IPAddress.Parse("fe80::1").GetAddressBytes(), _there.Netlink.GetLink("b0").Index), 0));
        Assert.True(all.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead), "it arrived");
        Assert.False(filtered.Poll(TimeSpan.Zero, SelectMode.SelectRead));
    }

    private IPAddress Address(string address) => new(IPAddress.Parse(address).GetAddressBytes(), _here.Netlink.GetLink("a0").Index);

    private static void Furnish(RouteNetlink netlink, string link, string address)
    {
        netlink.SetLink(link, new LinkChange { AddressGeneration = AddressGenerationMode.None });
        netlink.SetUp(link);
        netlink.ReplaceAddress(link, IPAddress.Parse(address), 64);
    }
}
