using System.Net;
using Meshover.Linux.Interfaces;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Sysctl;
using Meshover.Linux.Tun;
using Xunit;

namespace Meshover.LabTests.Linux;

public sealed class SystemTests : IDisposable
{
    private readonly TestNamespace _here = new();

    public void Dispose() => _here.Dispose();

    [Fact]
    public void Create_NameInUse_IsRefused() =>
        Assert.Equal(17, Assert.Throws<NetworkNamespaceException>(() => NetworkNamespace.Create(_here.Name)).ErrorNumber);

    [Fact]
    public void RunIn_OtherNamespace_LeavesTheCallerWhereItWas()
    {
        var before = NetworkNamespace.CurrentInode();
        Assert.NotEqual(before, _here.Run(NetworkNamespace.CurrentInode));
        Assert.Equal(before, NetworkNamespace.CurrentInode());
        Assert.Throws<NetworkNamespaceException>(() => NetworkNamespace.RunIn("/run/netns/t-linux-nope", () => 0));
    }

    [Fact]
    public void Sysctl_KeyOfAnInterfaceWithADot_IsWrittenInItsNamespaceOnly()
    {
        _here.Netlink.CreateLink(LinkSpec.Bridge("br0.7"));
        var key = SysctlFile.InterfaceKey("ipv6", "br0.7", "accept_ra");
        _here.Run(() => SysctlFile.Write(key, "2"));
        Assert.Equal("2", _here.Run(() => SysctlFile.Read(key)));
        Assert.Null(SysctlFile.TryRead(key));
        Assert.Contains("value banana", _here.Run(() => Assert.Throws<SysctlException>(() => SysctlFile.Write(key, "banana"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InterfaceSocket_OfItsNamespace_TellsWhetherAnInterfaceIsUpAndItsMtu()
    {
        using var interfaces = _here.Run(() => new InterfaceSocket());
        _here.Netlink.CreateLink(LinkSpec.Bridge("br0"));
        _here.Netlink.SetLink("br0", new LinkChange { Mtu = 1400 });
        Assert.Equal((false, 1400), interfaces.Find("br0"));
        _here.Netlink.SetUp("br0");
        Assert.Equal((true, 1400), interfaces.Find("br0"));
        _here.Netlink.DeleteLink("br0");
        Assert.Null(interfaces.Find("br0"));
        Assert.Null(interfaces.Find("a-name-that-is-too-long"));
    }

    [Fact]
    public void Tun_Persistent_KeepsItsAddressWithoutAHolderAndTakesTheNext()
    {
        using (var tun = _here.Run(() => TunDevice.Open("mo-00000002", vnetHeader: true, nonBlocking: true)))
        {
            tun.SetPersistent(true);
            Assert.True(tun.TrySetOffloads(TunOffloads.Checksum | TunOffloads.Tso4 | TunOffloads.Tso6));
            Assert.Equal(16, _here.Run(() => Assert.Throws<TunException>(() => TunDevice.Open("mo-00000002", vnetHeader: true, nonBlocking: true))).ErrorNumber);
            _here.Netlink.SetUp("mo-00000002");
            _here.Netlink.ReplaceAddress("mo-00000002", IPAddress.Parse("fe80::1"), 64);
            Assert.True(_here.Netlink.GetLink("mo-00000002").HasCarrier);
        }

        Assert.False(_here.Netlink.GetLink("mo-00000002").HasCarrier);
        Assert.Contains(_here.Netlink.GetAddresses(), a => a.Address.Equals(IPAddress.Parse("fe80::1")));
        using (var again = _here.Run(() => TunDevice.Open("mo-00000002", vnetHeader: true, nonBlocking: true)))
            again.SetPersistent(false);
        Assert.Null(_here.Netlink.FindLink("mo-00000002"));
    }

    [Fact]
    public async Task Nft_TableAddedListedAndDeleted_AndABadOneChangesNothing()
    {
        var nft = new Nft(_here.Path);
        var ct = TestContext.Current.CancellationToken;
        const string add = """{"nftables":[{"add":{"table":{"family":"inet","name":"t"}}}]}""";
        await nft.ApplyAsync(add, "add a table", ct);
        using (var table = await nft.ListTableAsync("inet", "t", ct))
            Assert.NotNull(table);

        const string bad = """{"nftables":[{"add":{"table":{"family":"inet","name":"u"}}},{"delete":{"table":{"family":"inet","name":"nope"}}}]}""";
        var error = await Assert.ThrowsAsync<NftException>(() => nft.ApplyAsync(bad, "change the firewall", ct));
        Assert.StartsWith("change the firewall: nft: ", error.Message, StringComparison.Ordinal);
        Assert.Null(await nft.ListTableAsync("inet", "u", ct));

        Assert.True(await nft.DeleteTableAsync("inet", "t", ct));
        Assert.False(await nft.DeleteTableAsync("inet", "t", ct));
    }
}
