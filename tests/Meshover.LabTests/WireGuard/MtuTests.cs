using System.Net;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Packets that are too large for a tunnel. Number 3 stands for a workload behind number 1, which forwards for it. A link carries 1396
/// bytes, the main device 1420.
/// </summary>
public sealed class MtuTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("10.99.0.2", 1396)]
    [InlineData("fd99::2", 1396)]
    [InlineData("198.18.0.2", 1420)]
    [InlineData("fd18::2", 1420)]
    public async Task Forwarded_PacketLargerThanTheDevice_ComesBackAsTooBig(string address, int mtu)
    {
        await using var mesh = await ForwardingAsync(address);
        var headers = IPAddress.Parse(address).AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 28 : 48;

        var (_, fits) = await PingAsync(mesh, address, mtu - headers);
        var (_, tooBig) = await PingAsync(mesh, address, mtu - headers + 1);

        Assert.Contains("1 received", fits);
        Assert.Contains("0 received", tooBig);
        Assert.Matches($"(Frag needed and DF set \\(mtu = {mtu}\\)|Packet too big: mtu={mtu})", tooBig);
    }

    // The sender starts with the 1500 of its own interface, and learns of the link's on the way.
    [Theory]
    [InlineData("10.99.0.2")]
    [InlineData("fd99::2")]
    public async Task Forwarded_Tcp_FindsTheSizeThatFits(string address)
    {
        await using var mesh = await ForwardingAsync(address);
        await Traffic.TcpAsync(mesh.Wire, 3, 2, IPAddress.Parse(address), 20_000_000, seed: 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Underlay_NarrowerThanPackets_FragmentsThemOutside(bool v6)
    {
        await using var pair = await Mesh.CreateAsync(2, v6);
        await pair.Wire.IpAsync(1, "link", "set", "eth0", "mtu", "1300");
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);

        await Traffic.TcpAsync(pair.Wire, 1, 2, IPAddress.Parse("10.99.0.2"), 5_000_000, seed: 1);
    }

    [Fact]
    public async Task Outer_Packets_MayBeFragmentedOnTheWay()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", Deadline);
        var capture = pair.Wire.RunAsync(2, "timeout", "20", "tcpdump", "-nvi", "eth0", "-c", "20", "src", "10.77.0.1", "and", "udp", "port", "12912");

        while (!capture.IsCompleted)
            await pair.Wire.TryRunAsync(1, "ping", "-n", "-c", "5", "-i", "0.05", "-M", "do", "-s", "1300", "10.99.0.2");

        var lines = (await capture).Split('\n').Where(line => line.Contains("proto UDP", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Contains("flags [none]", line));
    }

    // IPv4 hops may fragment what has no DF: it is no matter that nobody hears of their narrowness.
    [Fact]
    public async Task NarrowHop_ThatKeepsSilent_IsPassedInFragments()
    {
        await using var hop = await NarrowHop.CreateAsync(mtu: 1400);
        await using var one = new EngineHost(hop.Wire, 1);
        await using var two = new EngineHost(hop.Wire, 2);
        await hop.ConnectAsync(one, two, v6: false);

        await Traffic.TcpAsync(hop.Wire, 1, 2, IPAddress.Parse(EngineHost.Tunnel(2)), 5_000_000, seed: 1);
        await Traffic.TcpAsync(hop.Wire, 2, 1, IPAddress.Parse(EngineHost.Tunnel(1)), 5_000_000, seed: 2);
    }

    // Over IPv6 nobody fragments on the way: what is too large vanishes.
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 4)]
    public async Task NarrowHop_ThatKeepsSilent_IsFoundByProbing(bool v6, int workers)
    {
        await using var hop = await NarrowHop.CreateAsync(mtu: 1400);
        await using var one = new EngineHost(hop.Wire, 1, workers: workers);
        await using var two = new EngineHost(hop.Wire, 2, workers: workers);
        await hop.ConnectAsync(one, two, v6, probes: true);

        // Outside: 40 or 20, 8 and 32 bytes; GRE takes 24.
        var fits = 1400 - (v6 ? 40 : 20) - 8 - 32 - 24;
        await Until.TrueAsync("the link is as narrow as the hop", Deadline, async () => (await MtuAsync(hop, "mo-00000002")) <= fits);

        Assert.InRange(await MtuAsync(hop, "mo-00000002"), fits - 32, fits);
        await hop.Wire.IpAsync(1, "addr", "add", "10.99.0.1", "peer", "10.99.0.2", "dev", "mo-00000002");
        await hop.Wire.IpAsync(2, "addr", "add", "10.99.0.2", "peer", "10.99.0.1", "dev", "mo-00000001");
        await Traffic.TcpAsync(hop.Wire, 1, 2, IPAddress.Parse("10.99.0.2"), 5_000_000, seed: 1);
    }

    private static async Task<int> MtuAsync(NarrowHop hop, string device) =>
        int.Parse(await hop.Wire.RunAsync(1, "cat", $"/sys/class/net/{device}/mtu"));

    private static async Task<Mesh> ForwardingAsync(string address)
    {
        var mesh = await Mesh.CreateAsync(3);
        var v6 = address.Contains(':', StringComparison.Ordinal);
        await mesh.Wire.WaitForPingAsync(1, address, Deadline);
        await mesh.Wire.RunAsync(1, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.rp_filter=0");
        await mesh.Wire.RunAsync(2, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0");
        // Before number 3's own link to number 2: an IPv6 route is another one if its metric is.
        await mesh.Wire.IpAsync(
            3, "route", "replace", $"{address}/{(v6 ? 128 : 32)}", "via", $"{Wire.Address(1, v6)}", "dev", "eth0", "metric", v6 ? "1" : "0");
        await mesh.Wire.IpAsync(2, "route", "replace", $"{Wire.Address(3, v6)}/{(v6 ? 128 : 32)}", "dev", IsLink(address) ? "mo-00000001" : "meshover0");
        if (!IsLink(address))
            await AllowAsync(mesh, v6);
        return mesh;
    }

    private static bool IsLink(string address) => address.Contains("99", StringComparison.Ordinal);

    // What number 1 forwards is from number 3's own address.
    private static async Task AllowAsync(Mesh mesh, bool v6)
    {
        var config = mesh.Config(2);
        var workload = IPNetwork.Parse($"{Wire.Address(3, v6)}/{(v6 ? 128 : 32)}");
        var peers = config.Peers.Select((peer, i) => i == 0 ? peer with { AllowedIps = [.. peer.AllowedIps, workload] } : peer);
        await mesh.Engines[1].Client.ApplyAsync(config with { Peers = [.. peers] });
    }

    private static Task<(int ExitCode, string Output)> PingAsync(Mesh mesh, string address, int size) =>
        mesh.Wire.TryRunAsync(3, "ping", "-n", "-c", "1", "-W", "3", "-M", "do", "-s", $"{size}", address);
}
