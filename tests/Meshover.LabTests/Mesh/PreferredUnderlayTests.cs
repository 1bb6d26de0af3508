using System.Net;
using System.Net.Sockets;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;

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

        // One end is enough: n1 leads its two links, and the third stays.
        var reports = await PingWindow.DuringAsync(mesh, Window, async () =>
        {
            await PreferAsync(mesh.Node(1), Network4);
            await Until.NothingIsMissingAsync("the links of n1 are over IPv4", Led, async () => await OverAsync(mesh.Node(1)) is [AddressFamily.InterNetwork] ? null : "not yet", _ct);
        }, _ct);
        PingWindow.AssertLostAtMost(0, Window, reports);
        await Until.NothingIsMissingAsync("n2 speaks to n1 over IPv4, and to n3 over IPv6", Led, async () =>
            await OfAsync(mesh.Node(2), "n1") == AddressFamily.InterNetwork && await OfAsync(mesh.Node(2), "n3") == AddressFamily.InterNetworkV6 ? null : "not so", _ct);

        var sessions = await UptimesAsync(mesh);
        await using (await Cut.BetweenAsync(mesh, mesh.Node(1), mesh.Node(2), onlyIPv6: true, _ct))
        {
            await PreferAsync(mesh.Node(1), Network6);
            await Until.NothingIsMissingAsync("the link of n1 and n3 is over IPv6", Led, async () => await OfAsync(mesh.Node(1), "n3") == AddressFamily.InterNetworkV6 ? null : "not yet", _ct);
            // By then the other was tried as well.
            await Task.Delay(TwoLooks, TimeProvider.System, _ct);
            Assert.Equal(AddressFamily.InterNetwork, await OfAsync(mesh.Node(1), "n2"));
        }
        Assert.All(sessions.Zip(await UptimesAsync(mesh)), session => Assert.True(session.Second > session.First, "a session ended"));
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
