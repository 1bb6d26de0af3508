using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;

namespace Meshover.LabTests.Routing;

/// <summary>
/// Node 4 is granted 10.20.0.0/16 and speaks to a router outside; node 3 to another. What they tell each other, on real FRR and BIRD. Each test
/// leaves the mesh as it found it.
/// </summary>
public abstract class ExternalNeighborTests(FrrMesh mesh) : IAsyncLifetime
{
    private const int LocalAs = 64999;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private static readonly RouteGrant Grant = new(IPNetwork.Parse("10.20.0.0/16"), 24);
    private static readonly RouteGrant Default = new(IPNetwork.Parse("0.0.0.0/0"));

    private readonly ImmutableArray<RoutingModel> _before = [.. mesh.Nodes.Select(n => n.Model)];

    private FrrNode Border => mesh.Node(4);

    private FrrNode Second => mesh.Node(3);

    private FrrNode Inside => mesh.Node(2);

    /// <summary>All nodes learn of the grants of node 4.</summary>
    public async ValueTask InitializeAsync()
    {
        foreach (var node in mesh.Nodes)
        {
            node.Model = node.Model with
            {
                Grants = [.. node.Model.Grants, new OriginGrant(Border.Model.Asn, Grant), new OriginGrant(Border.Model.Asn, Default)],
                Neighbors = [.. node.Model.Neighbors.Select(n => n.Asn == Border.Model.Asn ? n with { MayOriginate = [.. n.MayOriginate, Grant, Default] } : n)],
            };
            await node.ApplyAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (node, before) in mesh.Nodes.Zip(_before))
        {
            node.Model = before;
            await node.ApplyAsync();
        }
        await mesh.WholeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Frr_Outside_RoutesPassWithinGrantsAndAskedDefaultsAlone_AndRemovalLeavesNoLine()
    {
        using var outside = await FrrAsync();
        var (before, sessions) = (await RunningAsync(Border), await SessionsAsync(Border));
        var neighbor = To(outside, 64512) with { Out = Telling("10.64.0.0/16") };
        await SpeakAsync(Border, neighbor);

        await TakesAsync(Inside, "10.20.1.0/24");
        await ComesByAsync(Inside, "10.20.1.0/24", "4200000004");
        await ToldAsync(outside, "10.64.3.0/24");
        Assert.DoesNotContain("42000000", await outside.RouteAsync("10.64.3.0/24"), StringComparison.Ordinal);
        var told = (await outside.RoutesAsync()).Split('\n').Where(line => line.Contains($" {LocalAs} ", StringComparison.Ordinal)).ToList();
        foreach (var inner in (string[])[" 10.20.", " 10.21.", " 10.249.", " 0.0.0.0/0 "])
            Assert.All(told, line => Assert.DoesNotContain(inner, line, StringComparison.Ordinal));
        Assert.All(told, line => Assert.EndsWith($" {LocalAs} i", line.TrimEnd(), StringComparison.Ordinal));
        foreach (var node in (FrrNode[])[Border, Inside])
            Assert.Empty(node.BgpRoutes().Keys.Intersect(["10.21.1.0/24", "10.20.1.128/25", "10.249.0.99/32", "0.0.0.0/0"]));
        await ComesByAsync(Border, "10.64.2.0/24", "4200000002");

        var established = await EstablishedAsync(Border, neighbor.Name);
        await SpeakAsync(Border, neighbor with { In = neighbor.In with { DefaultRoute = true }, Out = neighbor.Out with { DefaultRoute = true } });
        await TakesAsync(Inside, "0.0.0.0/0");
        await ToldAsync(outside, "0.0.0.0/0");
        await SpeakAsync(Border, neighbor);
        await Until.TrueAsync("the default route is gone", Patience, () => !Inside.BgpRoutes().ContainsKey("0.0.0.0/0"));
        Assert.Equal(established, await EstablishedAsync(Border, neighbor.Name));

        await SpeakAsync(Border);
        await Until.TrueAsync("what was learned is gone", Patience, () => !Inside.BgpRoutes().ContainsKey("10.20.1.0/24"));
        Assert.Equal(before, await RunningAsync(Border));
        Assert.Equal(sessions, await SessionsAsync(Border));
    }

    [Fact]
    public async Task Bird_Outside_ComesUpByPasswordAndSeesNothingOfTheMeshsInside()
    {
        using var outside = await BirdAsync("secret");
        await SpeakAsync(Border, To(outside, 64513) with { Password = "secret", TtlSecurityHops = 1, Out = Telling("10.64.0.0/16") });

        await TakesAsync(Inside, "10.20.2.0/24");
        await ComesByAsync(Inside, "10.20.2.0/24", "4200000004");
        await ToldAsync(outside, "10.64.2.0/24");
        var told = await outside.RoutesAsync();
        Assert.Contains($"BGP.as_path: {LocalAs}\n", told, StringComparison.Ordinal);
        Assert.Contains("BGP.community: (64511,7)", told, StringComparison.Ordinal);
        foreach (var secret in (string[])["42000000", "4294967294", "10.249.0"]) Assert.DoesNotContain(secret, told, StringComparison.Ordinal);
        Assert.Empty(Inside.BgpRoutes().Keys.Intersect(["10.21.2.0/24", "0.0.0.0/0"]));
    }

    [Fact]
    public async Task Password_WrongAtOneEnd_IsSaidAndWhatWasAnnouncedStays()
    {
        using var outside = await BirdAsync("secret");
        var neighbor = To(outside, 64513) with { Password = "secret", TtlSecurityHops = 1 };
        await SpeakAsync(Border, neighbor);
        await TakesAsync(Inside, "10.20.2.0/24");
        var sessions = await SessionsAsync(Border);

        await SpeakAsync(Border, neighbor with { Password = "another" });
        await Until.NothingIsMissingAsync("wrong signatures are counted and no session is there", Patience, async () =>
        {
            var status = await Border.Client.GetStatusAsync();
            var seen = status.Neighbors.Single(n => n.Interface == neighbor.Name);
            return status.WrongSignatures > 0 && seen.BgpState is "Connect" or "Active" ? null : $"{status.WrongSignatures} {seen}";
        }, CancellationToken.None);
        Assert.Contains("10.64.4.0/24", Inside.BgpRoutes().Keys);
        Assert.Equal(sessions, await SessionsAsync(Border));

        await SpeakAsync(Border, neighbor);
        await TakesAsync(Inside, "10.20.2.0/24");
    }

    [Fact]
    public async Task Borders_Two_NeitherTellsOutsideWhatTheOtherLearnedThere()
    {
        using var first = await FrrAsync();
        using var second = await BirdAsync(password: null);
        await SpeakAsync(Border, To(first, 64512));
        await SpeakAsync(Second, To(second, 64513) with { Out = Telling("10.0.0.0/8") });
        await TakesAsync(Second, "10.20.1.0/24");
        await ToldAsync(second, "10.64.2.0/24");

        Assert.DoesNotContain("10.20.1.0/24", await second.RoutesAsync(), StringComparison.Ordinal);
        // Nor is taken there what is granted to the first.
        await ComesByAsync(Second, "10.20.1.0/24", "4200000004");
        Assert.DoesNotContain("10.20.2.0/24", Second.BgpRoutes().Keys);
    }

    [Fact]
    public async Task Unnumbered_FiltersOfItsOwn_TakeAndTellWhatTheySay()
    {
        using var outside = await FrrAsync(isUnnumbered: true);
        var neighbor = new ExternalNeighbor
        {
            Interface = outside.Link,
            RemoteAs = new Asn(64512),
            LocalAs = new Asn(LocalAs),
            In = new NeighborFilter { Communities = [new(64512, 8)] },
            Out = Telling("10.64.0.0/16") with { Communities = [new(64999, 1)] },
        };
        await SpeakAsync(Border, neighbor);
        await TakesAsync(Inside, "10.20.3.0/24");
        Assert.DoesNotContain("10.20.1.0/24", Inside.BgpRoutes().Keys);
        await ToldAsync(outside, "10.64.3.0/24");
        Assert.Contains("Community: 64999:1", await outside.RouteAsync("10.64.3.0/24"), StringComparison.Ordinal);

        await SpeakAsync(Border, neighbor with { In = new NeighborFilter { AsPath = "^64512_64600_64601$" }, Out = Telling("10.64.1.0/24") });
        await TakesAsync(Inside, "10.20.1.0/24");
        await Until.TrueAsync("what is not told any more is gone", Patience, async () => !(await outside.RoutesAsync()).Contains("10.64.3.0/24", StringComparison.Ordinal));
        await ToldAsync(outside, "10.64.1.0/24");
        await Until.TrueAsync("what is not taken any more is gone", Patience, () => !Inside.BgpRoutes().ContainsKey("10.20.3.0/24"));
    }

    /// <summary>A router that tells what it may and what it may not: others' prefixes, longer ones than granted, the pool's, a default route; some marked as the mesh marks its own.</summary>
    private Task<OutsideFrr> FrrAsync(bool isUnnumbered = false) => OutsideFrr.StartAsync(Border.Namespace, router => $"""
        frr defaults datacenter
        route-map FAR permit 10
         set as-path prepend 64600 64601
         set community 64512:7
         set large-community 4294967294:12914:1 4294967294:12914:9
        exit
        route-map NEAR permit 10
         set community 64512:8
        exit
        router bgp 64512
         bgp router-id {router.Address}
         no bgp network import-check
         neighbor {(isUnnumbered ? "eth0 interface v6only" : router.NodeAddress)} remote-as {LocalAs}
         neighbor {(isUnnumbered ? "eth0" : router.NodeAddress)} port 12914
         address-family ipv4 unicast
          network 0.0.0.0/0
          network 10.20.1.0/24 route-map FAR
          network 10.20.1.128/25
          network 10.20.3.0/24 route-map NEAR
          network 10.21.1.0/24
          network 10.64.2.0/24
          network 10.249.0.99/32
         exit-address-family
        exit

        """);

    private Task<OutsideBird> BirdAsync(string? password) => OutsideBird.StartAsync((password is null ? Second : Border).Namespace, router => $$"""
        protocol static here {
          ipv4;
          route 0.0.0.0/0 blackhole;
          route 10.20.2.0/24 blackhole;
          route 10.21.2.0/24 blackhole;
        }
        protocol bgp mesh {
          local {{router.Address}} as 64513;
          neighbor {{router.NodeAddress}} port 12914 as {{LocalAs}};
          {{(password is null ? "" : $"password \"{password}\"; ttl security on;")}}
          connect retry time 2;
          connect delay time 1;
          ipv4 { import all; export where source = RTS_STATIC; };
        }

        """);

    private static ExternalNeighbor To(OutsideRouter router, uint remoteAs) =>
        new() { Address = router.Address, RemoteAs = new Asn(remoteAs), LocalAs = new Asn(LocalAs) };

    private static NeighborFilter Telling(string prefix) =>
        new() { Prefixes = [new(IPNetwork.Parse(prefix), IPNetwork.Parse(prefix).PrefixLength, 24)], Communities = [new(64511, 7)] };

    private async Task SpeakAsync(FrrNode node, params ExternalNeighbor[] neighbors)
    {
        node.Model = node.Model with
        {
            ExternalNeighbors = [.. neighbors],
            Learnable = node == Border && neighbors.Length > 0 ? [new(Grant, IsPermitted: true), new(Default, IsPermitted: true)] : [],
        };
        Assert.False((await node.ApplyAsync()).Restarted);
    }

    private static Task<TimeSpan> TakesAsync(FrrNode node, string prefix) =>
        Until.NothingIsMissingAsync($"{node.Name} takes {prefix}", Patience, () => Task.FromResult(node.BgpRoutes().ContainsKey(prefix) ? null : string.Join(' ', node.BgpRoutes().Keys)), CancellationToken.None);

    private static Task<TimeSpan> ToldAsync(OutsideRouter router, string prefix) =>
        Until.NothingIsMissingAsync($"{prefix} is told outside", Patience, async () => await router.RouteAsync(prefix) is var route && route.Contains($"{LocalAs}", StringComparison.Ordinal) ? null : route, CancellationToken.None);

    /// <summary>Its best path is this one; the way through a transit node may be there sooner.</summary>
    private static Task<TimeSpan> ComesByAsync(FrrNode node, string prefix, string path) =>
        Until.NothingIsMissingAsync($"{prefix} comes by {path}", Patience, async () => await BestAsync(node, prefix) is var best && best == path ? null : best, CancellationToken.None);

    private static async Task<string> BestAsync(FrrNode node, string prefix)
    {
        using var route = JsonDocument.Parse(await node.VtyshAsync($"show bgp ipv4 unicast {prefix} json"));
        return string.Join(", ", route.RootElement.GetProperty("paths").EnumerateArray().Where(p => p.TryGetProperty("bestpath", out var best) && best.TryGetProperty("overall", out _)).Select(p => p.GetProperty("aspath").GetProperty("string").GetString()));
    }

    private static async Task<string> RunningAsync(FrrNode node) => await node.VtyshAsync("show running-config");

    /// <summary>How often each session of the mesh came up.</summary>
    private async Task<string> SessionsAsync(FrrNode node)
    {
        var peers = mesh.Nodes.Where(n => n != node).ToArray();
        var counts = await Task.WhenAll(peers.Select(async peer => $"{peer.Name} {await EstablishedAsync(node, node.LinkTo(peer))}"));
        return string.Join(", ", counts);
    }

    private static async Task<int> EstablishedAsync(FrrNode node, string neighbor)
    {
        using var answer = JsonDocument.Parse(await node.VtyshAsync($"show bgp neighbors {neighbor} json"));
        return answer.RootElement.GetProperty(neighbor).GetProperty("connectionsEstablished").GetInt32();
    }
}

[Collection(FrrMeshCollection.Name)]
public sealed class OwnFrrExternalNeighborTests(FrrMesh mesh) : ExternalNeighborTests(mesh);

