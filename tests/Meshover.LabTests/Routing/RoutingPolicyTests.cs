using System.Net;
using System.Text.Json;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.LabTests.Routing;

/// <summary>What nodes announce, and what they take from each other, on real FRR.</summary>
public abstract class RoutingPolicyTests(FrrMesh mesh)
{
    [Fact]
    public void Mesh_AllUp_EachNodeHasExactlyWhatOthersOriginateWithItsOwnAddressAsSource()
    {
        foreach (var node in mesh.Nodes)
        {
            var expected = mesh.Nodes.Where(n => n != node).SelectMany(n => n.Model.Networks.Select(network => network.Prefix))
                .ToDictionary(p => $"{p}", p => p.BaseAddress.AddressFamily == node.Model.Source4.AddressFamily ? node.Model.Source4 : node.Model.Source6);
            Assert.Equal(expected.OrderBy(e => e.Key, StringComparer.Ordinal), node.BgpRoutes().OrderBy(e => e.Key, StringComparer.Ordinal)!);
        }
    }

    [Fact]
    public async Task Neighbour_NotTransit_SendsNothingOfOthers()
    {
        var received = await mesh.Node(3).VtyshAsync($"show bgp ipv4 unicast neighbors {mesh.Node(3).LinkTo(mesh.Node(4))} received-routes");
        Assert.Contains("10.64.4.0/24", received, StringComparison.Ordinal);
        Assert.DoesNotContain("10.64.2.0/24", received, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Neighbour_TurnsBad_NothingOfItIsTaken()
    {
        var (bad, victim) = (mesh.Node(4), mesh.Node(3));
        string[] prefixes = ["0.0.0.0/0", "127.0.4.0/24", "198.18.4.0/24", "10.249.77.0/24", "10.249.0.2/32", "10.64.2.0/24", "10.64.4.0/27", "203.0.113.0/24"];
        string[] router = ["configure terminal", "router bgp 4200000004", "address-family ipv4 unicast"];
        string[] carry = ["configure terminal", "route-map MO-OUT permit 10"];
        var link = victim.LinkTo(bad);
        await bad.VtyshAsync([.. carry, "no match as-path MO-OUT"]);
        await bad.VtyshAsync([.. router, .. prefixes.Select(p => $"network {p}"), "network 10.64.4.64/26"]);

        await Until.TrueAsync("the bad ones were sent", TimeSpan.FromSeconds(15), async () => await ListsAllAsync(victim, $"neighbors {link} received-routes", [.. prefixes, "10.64.1.0/24"]));
        await Until.TrueAsync("its own, within the granted length, is taken", TimeSpan.FromSeconds(15), () => victim.BgpRoutes().ContainsKey("10.64.4.64/26"));
        var taken = await victim.VtyshAsync($"show bgp ipv4 unicast neighbors {link} routes");
        foreach (var prefix in (string[])[.. prefixes, "10.64.1.0/24"]) Assert.DoesNotContain($" {prefix} ", taken, StringComparison.Ordinal);

        await bad.VtyshAsync([.. carry, "match as-path MO-OUT"]);
        await bad.VtyshAsync([.. router, .. prefixes.Select(p => $"no network {p}"), "no network 10.64.4.64/26"]);
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task Neighbour_FloodsWithRefusedRoutes_LosesItsSessionAndIsForgotten()
    {
        var (bad, victim) = (mesh.Node(4), mesh.Node(3));
        string[] prefixes = [.. Enumerable.Range(0, 3000).Select(i => $"10.{200 + i / 256}.{i % 256}.0/24")];
        string[] router = ["configure terminal", "router bgp 4200000004", "address-family ipv4 unicast"];
        foreach (var some in prefixes.Chunk(500)) await bad.VtyshAsync([.. router, .. some.Select(p => $"network {p}")]);

        await Until.TrueAsync("the session is closed", TimeSpan.FromSeconds(20), async () => (await StateOfAsync(victim, bad)).Contains("Idle", StringComparison.Ordinal));
        await Until.TrueAsync("nothing of it is kept", TimeSpan.FromSeconds(5), async () => (await victim.VtyshAsync($"show bgp ipv4 unicast neighbors {victim.LinkTo(bad)} received-routes")).Length < 1000);
        Assert.True(victim.BgpRoutes().ContainsKey("10.64.2.0/24"), "others' routes stay");

        foreach (var some in prefixes.Chunk(500)) await bad.VtyshAsync([.. router, .. some.Select(p => $"no network {p}")]);
        foreach (var node in mesh.Nodes.Where(n => n != bad)) await node.VtyshAsync($"clear bgp {node.LinkTo(bad)}");
        await mesh.WholeAsync();
    }

    private static async Task<string> StateOfAsync(FrrNode node, FrrNode peer) =>
        (await node.Client.GetStatusAsync()).Neighbors.Single(n => n.Interface == node.LinkTo(peer)).BgpState;

    [Fact]
    public async Task Grant_ComesAndGoes_TheNeighboursRouteFollowsAndTheSessionStays()
    {
        const string prefix = "10.70.4.0/24";
        var (announcer, taker) = (mesh.Node(4), mesh.Node(3));
        string[] router = ["configure terminal", "router bgp 4200000004", "address-family ipv4 unicast"];
        var (link, before) = (taker.LinkTo(announcer), taker.Model);
        var established = await EstablishedAsync(taker, link);
        await announcer.VtyshAsync([.. router, $"network {prefix}"]);
        await Until.TrueAsync("it is announced", TimeSpan.FromSeconds(15), async () => await ListsAllAsync(taker, $"neighbors {link} received-routes", [prefix]));
        Assert.DoesNotContain(prefix, taker.BgpRoutes().Keys);

        var grant = new RouteGrant(IPNetwork.Parse(prefix));
        taker.Model = before with
        {
            Grants = before.Grants.Add(new OriginGrant(announcer.Model.Asn, grant)),
            Neighbors = [.. before.Neighbors.Select(n => n.Asn == announcer.Model.Asn ? n with { MayOriginate = n.MayOriginate.Add(grant) } : n)],
        };
        await taker.ApplyAsync();
        await Until.TrueAsync("what is granted now comes in", TimeSpan.FromSeconds(15), () => taker.BgpRoutes().ContainsKey(prefix));

        taker.Model = before;
        await taker.ApplyAsync();
        await Until.TrueAsync("what is granted no longer goes", TimeSpan.FromSeconds(15), () => !taker.BgpRoutes().ContainsKey(prefix));
        Assert.True(await ListsAllAsync(taker, $"neighbors {link} received-routes", [prefix]), "it is still announced");
        Assert.Equal(established, await EstablishedAsync(taker, link));

        await announcer.VtyshAsync([.. router, $"no network {prefix}"]);
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task Neighbour_SpeaksAsAnother_GetsNoSession()
    {
        var (bad, victim) = (mesh.Node(4), mesh.Node(3));
        string[] router = ["configure terminal", "router bgp 4200000004"];
        var link = bad.LinkTo(victim);
        await bad.VtyshAsync([.. router, $"neighbor {link} local-as 4200000002 no-prepend replace-as"]);
        await Until.TrueAsync("the session is refused", TimeSpan.FromSeconds(15), async () => !await victim.HasSessionsAsync(FrrMesh.Count - 1));
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        Assert.False(await victim.HasSessionsAsync(FrrMesh.Count - 1));
        await bad.VtyshAsync([.. router, $"no neighbor {link} local-as"]);
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task Link_Cut_TrafficGoesOverTheTransitNode()
    {
        var (a, b) = (mesh.Node(3), mesh.Node(4));
        var lost = await FrrMesh.LostAsync(a, b, 5, async () =>
        {
            a.Netlink.SetLink(a.LinkTo(b), new Meshover.Linux.Netlink.LinkChange { Up = false });
            await Until.TrueAsync("the other sessions stay", TimeSpan.FromSeconds(3), () => a.HasSessionsAsync(FrrMesh.Count - 2));
            Assert.Contains("10.64.2.0/24", a.BgpRoutes().Keys);
        });
        a.BringUp(b);
        await mesh.WholeAsync();
        Assert.InRange(lost, 0, 20);
    }

    /// <summary>How often the session came up.</summary>
    private static async Task<int> EstablishedAsync(FrrNode node, string link)
    {
        using var neighbour = JsonDocument.Parse(await node.VtyshAsync($"show bgp neighbors {link} json"));
        return neighbour.RootElement.GetProperty(link).GetProperty("connectionsEstablished").GetInt32();
    }

    private static async Task<bool> ListsAllAsync(FrrNode node, string what, string[] prefixes)
    {
        var list = await node.VtyshAsync($"show bgp ipv4 unicast {what}");
        return prefixes.All(p => list.Contains($" {p} ", StringComparison.Ordinal));
    }
}
