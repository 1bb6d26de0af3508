using System.Net;

namespace Meshover.LabTests.WireGuard;

/// <summary>Number 1 has several addresses, and number 2 calls it at one that it would not send from by itself.</summary>
public sealed class UplinkTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly IPAddress SecondUplink = IPAddress.Parse("10.78.0.1");

    [Theory]
    [InlineData("10.77.0.101", "24", 1)]
    [InlineData("10.77.0.101", "24", 4)]
    [InlineData("fd77::101", "64", 1)]
    public async Task Answer_ToOneOfSeveralAddresses_LeavesFromThere(string address, string length, int workers)
    {
        await using var wire = await Wire.CreateAsync(2);
        await using var one = new EngineHost(wire, 1, workers: workers);
        await using var two = new EngineHost(wire, 2);
        await wire.IpAsync(1, "addr", "add", $"{address}/{length}", "dev", "eth0", "preferred_lft", "0"); // for answers only

        await ConnectAsync(wire, one, two, IPAddress.Parse(address));

        Assert.Equal(IPAddress.Parse(address), (await two.PeerAsync()).Endpoint!.Address);
    }

    [Fact]
    public async Task Answer_ToTheSecondUplink_LeavesByIt()
    {
        await using var wire = await TwoUplinksAsync();
        await using var one = new EngineHost(wire, 1);
        await using var two = new EngineHost(wire, 2);

        await ConnectAsync(wire, one, two, SecondUplink);

        Assert.Equal(SecondUplink, (await two.PeerAsync()).Endpoint!.Address);
        Assert.InRange(int.Parse(await wire.RunAsync(1, "cat", "/sys/class/net/eth1/statistics/tx_bytes")), 1_000_000, int.MaxValue);
    }

    // With the link down a send fails. With the route alone gone it does not: IPv4 takes the whole world to be on that link.
    [Theory]
    [InlineData("link", "set", "eth1", "down")]
    [InlineData("route", "del", "default", "dev", "eth1")]
    public async Task Answer_WhenTheSecondUplinkIsLost_TakesTheFirst(params string[] loss)
    {
        await using var wire = await TwoUplinksAsync();
        await using var one = new EngineHost(wire, 1);
        await using var two = new EngineHost(wire, 2);
        await ConnectAsync(wire, one, two, SecondUplink);

        await wire.IpAsync(1, loss);

        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), Deadline);
        Assert.Equal(Wire.Address(1), (await two.PeerAsync()).Endpoint!.Address);
    }

    private static async Task ConnectAsync(Wire wire, EngineHost one, EngineHost two, IPAddress address)
    {
        await one.ApplyAsync(one.Config(two.AsPeerOf(1, endpoint: false)));
        await two.ApplyAsync(two.Config(one.AsPeerOf(2) with { Endpoint = new IPEndPoint(address, 12912) }));
        await wire.WaitForPingAsync(2, EngineHost.Tunnel(1), Deadline);
        await Traffic.TcpAsync(wire, 1, 2, IPAddress.Parse(EngineHost.Tunnel(2)), 1_000_000, seed: 1);
    }

    // The segment's own namespace is the router between the two networks.
    private static async Task<Wire> TwoUplinksAsync()
    {
        var wire = await Wire.CreateAsync(2);
        await wire.RunAsync(0, "sysctl", "-qw", "net.ipv4.ip_forward=1");
        await wire.IpAsync(0, "addr", "add", "10.77.0.254/24", "dev", "br0");
        await wire.IpAsync(0, "link", "add", "u1", "type", "veth", "peer", "name", "eth1", "netns", wire.Name(1));
        await wire.IpAsync(0, "addr", "add", "10.78.0.254/24", "dev", "u1");
        await wire.IpAsync(0, "link", "set", "u1", "up");
        await wire.IpAsync(1, "addr", "add", $"{SecondUplink}/24", "dev", "eth1");
        await wire.IpAsync(1, "link", "set", "eth1", "up");
        await wire.IpAsync(1, "route", "add", "default", "via", "10.78.0.254", "dev", "eth1", "metric", "200");
        await wire.RunAsync(1, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=2");
        await wire.IpAsync(2, "route", "add", "10.78.0.0/24", "via", "10.77.0.254");
        return wire;
    }
}
