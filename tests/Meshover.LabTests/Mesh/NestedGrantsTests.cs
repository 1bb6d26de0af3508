using System.Net;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;
using Meshover.LabTests.Kernel;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>A prefix that is granted to one node, and a part of it to another: who is sent what is for the part while its owner is away.</summary>
public sealed class NestedGrantsTests
{
    private const string Whole = "10.77.0.0/16", Part = "10.77.3.0/24";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly IPAddress InPart = IPAddress.Parse("10.77.3.1");
    private static readonly IPAddress InWhole = IPAddress.Parse("10.77.9.1");

    // A documentation address that nobody in the lab has (RFC 5737).
    private static readonly IPAddress Elsewhere = IPAddress.Parse("203.0.113.9");
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task OwnerOfAPart_Dead_TheOwnerOfTheWholeIsReachedUnlessThePartIsPinned_AndNothingLeavesInClearText()
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3, Underlay = UnderlayKind.Flat }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        var peers = (await mesh.Node(1).StatusAsync(_ct)).Peers.ToDictionary(peer => peer.Hostname, peer => peer.Link);
        using var netlink = RouteNetlink.OpenIn(mesh.Node(1).Machine.NetworkPath);
        using var echo = EchoSocket.Open(mesh.Node(1).Machine, InPart.AddressFamily, TimeProvider.System);
        // What is not held back leaves by it.
        netlink.ReplaceRoute(new RouteInfo { Destination = IPNetwork.Parse("0.0.0.0/0"), Gateway = AddressPlan.Controller4, Protocol = RouteProtocols.Static });
        await AnnounceAsync(mesh, 2, Whole, 16);
        await AnnounceAsync(mesh, 3, Part, 24);
        await LeadsByAsync(netlink, InPart, peers["n3"]);
        Assert.Equal([IPNetwork.Parse(Whole)], Guards(netlink));

        await using var capture = UnderlayCapture.Start(mesh.Machines[UnderlayPlanner.Middle]);
        CutOff(mesh.Node(3));
        await LeadsByAsync(netlink, InPart, peers["n2"]);
        await Until.NothingIsMissingAsync("the owner of the whole answers", Patience, async () => await echo.EchoAsync(InPart, TimeSpan.FromSeconds(1), _ct) is null ? "no answer" : null, _ct);

        await AdminAsync(mesh, "grant", "add", "n3", Part, "--pin");
        Assert.Contains("yes", await AdminAsync(mesh, "grant", "list", "n3"), StringComparison.Ordinal);
        await LeadsNowhereAsync(netlink, InPart);
        Assert.Null(await echo.EchoAsync(InPart, TimeSpan.FromSeconds(1), _ct));
        await LeadsByAsync(netlink, InWhole, peers["n2"]);

        CutOff(mesh.Node(2));
        await LeadsNowhereAsync(netlink, InWhole);
        foreach (var target in (IPAddress[])[InPart, InWhole, Elsewhere])
            Assert.Null(await echo.EchoAsync(target, TimeSpan.FromSeconds(1), _ct));
        Assert.Contains(Elsewhere, capture.Destinations); // it sees what leaves by the default route
        Assert.DoesNotContain(InPart, capture.Destinations);
        Assert.DoesNotContain(InWhole, capture.Destinations);
    }

    /// <summary>The node has the prefix on an interface, with the address that is asked, announces it and is granted it.</summary>
    private async Task AnnounceAsync(LabMesh mesh, int number, string prefix, byte length)
    {
        var node = mesh.Node(number);
        using (var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath))
            netlink.ReplaceAddress(UnderlayPlanner.WorkloadInterface, InPart, length);
        await AdminAsync(mesh, "grant", "add", $"n{number}", prefix);
        (await node.UpAsync(input: null, ["--announce", string.Join(',', [.. AddressPlan.Announced(number), prefix])], _ct)).Checked();
    }

    private async Task<string> AdminAsync(LabMesh mesh, params string[] arguments) =>
        (await mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, arguments, _ct)).Checked();

    private static void CutOff(LabNode node)
    {
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        netlink.SetLink(UnderlayPlanner.Uplink, new LinkChange { Up = false });
    }

    private async Task LeadsByAsync(RouteNetlink netlink, IPAddress target, string link) => await Until.NothingIsMissingAsync($"{target} is reached by {link}", Patience, () =>
        Task.FromResult(netlink.FindRoute(new RouteQuery(target)) is { } route && route.OutputLink == netlink.FindLink(link)?.Index ? null : $"{netlink.FindRoute(new RouteQuery(target))}"), _ct);

    private async Task LeadsNowhereAsync(RouteNetlink netlink, IPAddress target) => await Until.NothingIsMissingAsync($"{target} leads nowhere", Patience, () =>
        Task.FromResult(netlink.FindRoute(new RouteQuery(target)) is { Kind: RouteKind.Unicast } route ? $"{route}" : null), _ct);

    private static IEnumerable<IPNetwork> Guards(RouteNetlink netlink) => netlink.GetRoutes()
        .Where(route => route.Kind == RouteKind.Unreachable && IPNetwork.Parse(Whole).Contains(route.Destination.BaseAddress)).Select(route => route.Destination);
}
