using System.Net;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>What somebody removes by hand is back within 5 s, and what a former agent left is taken over as it is.</summary>
public sealed class RepairTests(MeshFixture fixture) : IClassFixture<MeshFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("meshover-lo")]
    [InlineData("meshover0")]
    [InlineData("mo-")]
    public async Task Node_InterfaceDeletedByHand_IsBackAndCarriesPacketsWithin5Seconds(string interfacePrefix)
    {
        await _mesh.SettledAsync(_ct);
        using var netlink = RouteNetlink.OpenIn(_mesh.Node(1).Machine.NetworkPath);
        var link = netlink.GetLinks().First(each => each.Name.StartsWith(interfacePrefix, StringComparison.Ordinal));

        netlink.DeleteLink(link.Name);

        await Until.NothingIsMissingAsync($"{link.Name} is back", Patience, () => Task.FromResult(netlink.FindLink(link.Name) is null ? "no such link" : null), _ct);
        await ReachesAsync("after the interface was deleted");
    }

    [Fact]
    public async Task Node_AddressDeletedByHand_IsBackWithTheBgpRoutesThatUsedItWithin5Seconds()
    {
        await _mesh.SettledAsync(_ct);
        using var netlink = RouteNetlink.OpenIn(_mesh.Node(1).Machine.NetworkPath);
        var numbers = (await _mesh.Node(1).StatusAsync(_ct)).Numbers;
        var own = netlink.GetAddresses().Where(address => address.Address.ToString() == numbers.Address4 || address.Address.ToString() == numbers.Address6).ToArray();
        Assert.True(own.Length >= 2, "the node addresses must be there to begin with");
        var routes = BgpRoutes(netlink);
        Assert.NotEmpty(routes);

        foreach (var address in own) netlink.DeleteAddress(address);

        await Until.NothingIsMissingAsync("the BGP routes are back", Patience, () =>
            Task.FromResult(routes.Except(BgpRoutes(netlink)).FirstOrDefault() is { } missing ? $"no {missing}" : null), _ct);
        await ReachesAsync("after the addresses were deleted");
    }

    [Fact]
    public async Task Node_OwnRoutesAndRulesDeletedByHand_AreBackWithin5Seconds()
    {
        await _mesh.SettledAsync(_ct);
        using var netlink = RouteNetlink.OpenIn(_mesh.Node(1).Machine.NetworkPath);
        var routes = OwnRoutes(netlink);
        var rules = OwnRules(netlink);
        Assert.NotEmpty(routes);
        Assert.NotEmpty(rules);

        foreach (var route in netlink.GetRoutes().Where(IsOwn)) netlink.DeleteRoute(route);
        foreach (var rule in netlink.GetRules().Where(IsOwn)) netlink.DeleteRule(rule);

        await Until.NothingIsMissingAsync("our routes and rules are back", Patience, () =>
            Task.FromResult(routes.Except(OwnRoutes(netlink)).Concat(rules.Except(OwnRules(netlink))).FirstOrDefault() is { } missing ? $"no {missing}" : null), _ct);
        await ReachesAsync("after the routes were deleted");
    }

    private static string[] BgpRoutes(RouteNetlink netlink) => [.. netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp }).Select(route => route.ToString())];

    private static string[] OwnRoutes(RouteNetlink netlink) => [.. netlink.GetRoutes().Where(IsOwn).Select(route => route.ToString())];

    private static string[] OwnRules(RouteNetlink netlink) => [.. netlink.GetRules().Where(IsOwn).Select(rule => rule.ToString())];

    private static bool IsOwn(RouteInfo route) => route.Protocol == 112;

    private static bool IsOwn(RuleInfo rule) => rule.Priority is 32764 or 32765;

    private async Task ReachesAsync(string when)
    {
        using var socket4 = EchoSocket.Open(_mesh.Node(1).Workload, System.Net.Sockets.AddressFamily.InterNetwork, TimeProvider.System);
        using var socket6 = EchoSocket.Open(_mesh.Node(1).Workload, System.Net.Sockets.AddressFamily.InterNetworkV6, TimeProvider.System);
        foreach (var (socket, target) in ((EchoSocket, IPAddress)[])[(socket4, AddressPlan.Workload4(2)), (socket6, AddressPlan.Workload6(2))])
            await Until.NothingIsMissingAsync($"w1 reaches {target} {when}", Patience, async () =>
                await socket.EchoAsync(target, TimeSpan.FromMilliseconds(500), _ct) is null ? "no answer" : null, _ct);
    }
}
