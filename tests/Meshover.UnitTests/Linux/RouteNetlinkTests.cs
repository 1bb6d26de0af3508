using System.Net;
using System.Text;
using Meshover.Linux.Netlink;
using Xunit;

namespace Meshover.UnitTests.Linux;

public sealed class RouteNetlinkTests
{
    private static readonly byte[] Done = [20, 0, 0, 0, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    [Fact]
    public void Dump_Interrupted_IsReadAgain()
    {
        byte[] interrupted = [.. Done];
        interrupted[6] |= 0x10;
        using var netlink = new RouteNetlink(new FakeNetlinkTransport().Answer(interrupted).Answer(KernelDumps.Links));
        Assert.Equal(["lo", "br0"], netlink.GetLinks().Select(link => link.Name));
    }

    [Fact]
    public void Dump_InterruptedForEver_GivesUpAndSaysSo()
    {
        byte[] interrupted = [.. Done];
        interrupted[6] |= 0x10;
        var transport = new FakeNetlinkTransport();
        for (var i = 0; i < 8; i++)
            transport.Answer(interrupted);
        using var netlink = new RouteNetlink(transport);
        var error = Assert.Throws<NetlinkException>(() => netlink.GetLinks());
        Assert.Contains("list links", error.Message, StringComparison.Ordinal);
        Assert.Contains("the table changed during each of 8 dumps", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dump_OfAnotherRequest_IsSkipped()
    {
        byte[] stale = [.. KernelDumps.Links];
        using var netlink = new RouteNetlink(new StaleFirst(stale, new FakeNetlinkTransport().Answer(KernelDumps.Addresses)));
        Assert.Equal(4, netlink.GetAddresses().Count);
    }

    [Fact]
    public void Change_Refused_NamesOperationTargetErrorAndTheKernelsWords()
    {
        byte[] words = [.. (byte[])[14, 0, 1, 0], .. Encoding.ASCII.GetBytes("No route!"), 0, 0, 0];
        using var netlink = new RouteNetlink(new FakeNetlinkTransport().Answer(FakeNetlinkTransport.Error(101, words)));
        var error = Assert.Throws<NetlinkException>(() =>
            netlink.ReplaceRoute(new RouteInfo { Destination = IPNetwork.Parse("10.0.0.0/8"), Gateway = IPAddress.Parse("192.0.2.1") }));
        Assert.Equal("set route", error.Operation);
        Assert.Equal("10.0.0.0/8 via 192.0.2.1", error.Target);
        Assert.Equal(101, error.ErrorNumber);
        Assert.Equal("No route!", error.KernelMessage);
        Assert.Equal("set route 10.0.0.0/8 via 192.0.2.1: Network is unreachable: No route!", error.Message);
    }

    [Fact]
    public void Change_NotPermitted_SaysWhatIsNeeded()
    {
        using var netlink = new RouteNetlink(new FakeNetlinkTransport().Answer(FakeNetlinkTransport.Error(1)));
        var error = Assert.Throws<NetlinkException>(() => netlink.DeleteLink("eth0"));
        Assert.EndsWith("(root or CAP_NET_ADMIN is needed)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Change_AfterAMalformedAnswer_Works()
    {
        var transport = new FakeNetlinkTransport().Answer([1, 2, 3]).Answer(FakeNetlinkTransport.Error(0));
        using var netlink = new RouteNetlink(transport);
        Assert.Throws<NetlinkFormatException>(() => netlink.DeleteLink("eth0"));
        netlink.DeleteLink("eth0");
        Assert.Equal(2, transport.Requests.Count);
    }

    [Fact]
    public void GetLinks_OneCannotBeRead_TheOthersAreListedAndItIsSaid()
    {
        var links = KernelDumps.Links;
        // The length of the first attribute (behind the headers of the message and of the link) of the first message.
        BitConverter.TryWriteBytes(links.AsSpan(32), ushort.MaxValue);
        using var whole = new RouteNetlink(new FakeNetlinkTransport().Answer(KernelDumps.Links));
        using var netlink = new RouteNetlink(new FakeNetlinkTransport().Answer(links));

        Assert.Equal(whole.GetLinks().Skip(1).Select(link => link.Name), netlink.GetLinks().Select(link => link.Name));
        Assert.NotNull(netlink.TakeUnreadable());
        Assert.Null(netlink.TakeUnreadable());
        Assert.Null(whole.TakeUnreadable());
    }

    [Fact]
    public void GetRoutes_ExceptByLinks_KeepsThoseByOthers()
    {
        using var netlink = new RouteNetlink(new FakeNetlinkTransport().Answer(KernelDumps.Routes4).Answer(KernelDumps.Routes6));
        Assert.Contains(netlink.GetRoutes(new RouteFilter { ExceptProtocols = [112], ExceptByLinks = new HashSet<int> { 9999 } }), route => route.Protocol == 112);
    }

    [Fact]
    public void GetRoutes_ExceptProtocols_LeavesThemOut()
    {
        using var netlink = new RouteNetlink(new FakeNetlinkTransport().Answer(KernelDumps.Routes4).Answer(KernelDumps.Routes6));
        Assert.DoesNotContain(netlink.GetRoutes(new RouteFilter { ExceptProtocols = [112] }), route => route.Protocol == 112);
    }

    [Fact]
    public void FindLink_NoDevice_IsNull()
    {
        using var netlink = new RouteNetlink(new FakeNetlinkTransport().Answer(FakeNetlinkTransport.Error(19)));
        Assert.Null(netlink.FindLink("nope"));
    }

    [Fact]
    public void Dispose_TheTransport_IsDisposedWithIt()
    {
        var transport = new FakeNetlinkTransport();
        new RouteNetlink(transport).Dispose();
        Assert.True(transport.IsDisposed);
    }

    /// <summary>What an earlier, failed request left in the socket comes first.</summary>
    private sealed class StaleFirst(byte[] stale, INetlinkTransport inner) : INetlinkTransport
    {
        private bool _isRead;

        public void Send(ReadOnlySpan<byte> datagram)
        {
            // The recorded dump has sequence 1, as this request will: make it another's.
            for (var at = 0; at < stale.Length; at += (BitConverter.ToInt32(stale, at) + 3) & ~3)
                stale[at + 8] = 99;
            inner.Send(datagram);
        }

        public int Receive(Span<byte> buffer)
        {
            if (_isRead)
                return inner.Receive(buffer);
            _isRead = true;
            stale.CopyTo(buffer);
            return stale.Length;
        }

        public void Dispose() => inner.Dispose();
    }
}
