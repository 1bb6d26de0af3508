using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Mesh;

/// <summary>Links begin over IPv6 here, and may be led to IPv4, as to a private network beside the internet.</summary>
public sealed class PreferredUnderlayTests
{
    private const string Network4 = "192.0.2.0/24", Network6 = "2001:db8::/64";
    // Two links of a node are led at the same look, or at the next.
    private static readonly TimeSpan Led = TimeSpan.FromSeconds(60), Window = TimeSpan.FromSeconds(25), TwoLooks = TimeSpan.FromSeconds(7);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task WorkingLinks_AreLedToThePreferredUnderlay_WithoutAPacketLost_AndStayWhereNothingPasses()
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        await AssertOverAsync(mesh, AddressFamily.InterNetworkV6);

        // The first of each of its pairs, so that it does not wait for long; one end is enough, and the third link stays.
        var numbers = await Task.WhenAll(mesh.Nodes.Select(async node => (Node: node, (await node.StatusAsync(_ct)).Numbers.Id)));
        LabNode[] nodes = [.. numbers.OrderByDescending(one => one.Id).Select(one => one.Node)];
        var (leader, other, third) = (nodes[0], nodes[1], nodes[2]);
        var reports = await PingWindow.DuringAsync(mesh, Window, async () =>
        {
            await PreferAsync(leader, Network4);
            await Until.NothingIsMissingAsync("the leader's links are over IPv4", Led, async () => await OverAsync(leader) is [AddressFamily.InterNetwork] ? null : "not yet", _ct);
        }, _ct);
        PingWindow.AssertLostAtMost(0, Window, reports);
        await Until.NothingIsMissingAsync("the other speaks to the leader over IPv4, and to the third over IPv6", Led, async () =>
            await OfAsync(other, leader.Machine.Name) == AddressFamily.InterNetwork && await OfAsync(other, third.Machine.Name) == AddressFamily.InterNetworkV6 ? null : "not so", _ct);

        await BothEndsPreferWhereNothingPassesAsync(mesh, leader, other);
    }

    /// <summary>Each of them tries it, and none of the sessions ends: they are not there at the same time.</summary>
    private async Task BothEndsPreferWhereNothingPassesAsync(LabMesh mesh, LabNode leader, LabNode other)
    {
        var sessions = await UptimesAsync(mesh);
        await using (await Cut.BetweenAsync(mesh, leader, other, onlyIPv6: true, _ct))
        {
            await CountTriesAsync(mesh, leader, other);
            foreach (var node in (LabNode[])[leader, other])
                await PreferAsync(node, Network6);
            await Until.NothingIsMissingAsync("both were led", Led, async () => await TriesAsync(mesh) is var tries && tries.All(count => count > 0) ? null : string.Join(", ", tries), _ct);
            await Task.Delay(TwoLooks, TimeProvider.System, _ct);
            foreach (var (node, peer) in ((LabNode, LabNode)[])[(leader, other), (other, leader)])
                Assert.Equal(AddressFamily.InterNetwork, await OfAsync(node, peer.Machine.Name));
        }
        Assert.All(sessions.Zip(await UptimesAsync(mesh)), session => Assert.True(session.Second > session.First, "a session ended"));
    }

    /// <summary>WireGuard's packets over IPv6, of each to the other, before they are dropped.</summary>
    private async Task CountTriesAsync(LabMesh mesh, LabNode one, LabNode other)
    {
        string Count(LabNode from, LabNode to) => $"iifname \"{from.Machine.Name}\" oifname \"{to.Machine.Name}\" ip6 nexthdr udp udp dport 12912 counter";
        var rules = $$"""
            table bridge tries {
              chain count {
                type filter hook forward priority -10;
                {{Count(one, other)}}
                {{Count(other, one)}}
              }
            }

            """;
        (await mesh.Machines[UnderlayPlanner.Middle].RunAsync("nft", ["-f", "-"], rules, _ct)).Checked();
    }

    private async Task<int[]> TriesAsync(LabMesh mesh)
    {
        var said = (await mesh.Machines[UnderlayPlanner.Middle].RunAsync("nft", ["list", "table", "bridge", "tries"], _ct)).Checked();
        return [.. said.Split('\n').Where(line => line.Contains("counter packets ", StringComparison.Ordinal)).Select(line => int.Parse(line.Split("counter packets ")[1].Split(' ')[0], CultureInfo.InvariantCulture))];
    }

    private async Task PreferAsync(LabNode node, string network) => (await node.UpAsync(input: null, ["--no-wait", "--prefer-underlay", network], _ct)).Checked();

    private async Task AssertOverAsync(LabMesh mesh, AddressFamily family)
    {
        foreach (var node in mesh.Nodes)
            Assert.Equal([family], await OverAsync(node));
    }

    private async Task<AddressFamily[]> OverAsync(LabNode node) =>
        [.. (await node.StatusAsync(_ct)).Peers.Select(peer => IPEndPoint.Parse(peer.Endpoint!).AddressFamily).Distinct()];

    private async Task<AddressFamily> OfAsync(LabNode node, string peer) =>
        IPEndPoint.Parse((await node.StatusAsync(_ct)).Peers.Single(one => one.Hostname == peer).Endpoint!).AddressFamily;

    private async Task<List<TimeSpan>> UptimesAsync(LabMesh mesh) =>
        [.. (await Task.WhenAll(mesh.Nodes.Select(node => BgpSessions.UptimesAsync(node, _ct)))).SelectMany(one => one)];
}
