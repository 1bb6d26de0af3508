using System.Net;
using System.Net.Sockets;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;
using Meshover.LabTests.Mesh;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.LabTests.Kernel;

/// <summary>A node that has a default route and no link left: what is for the mesh goes nowhere, in clear text least of all.</summary>
[Collection(KernelMeshCollection.Name)]
public sealed class UnreachableTests(KernelMeshFixture fixture)
{
    private const int SigStop = 19, SigContinue = 18;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(1);

    // Documentation addresses that nobody in the lab has (RFC 5737, RFC 9637).
    private static readonly IPAddress[] Elsewhere = [IPAddress.Parse("203.0.113.9"), IPAddress.Parse("3fff::9")];
    private static readonly IPAddress[] Gateways = [AddressPlan.Controller4, AddressPlan.Controller6];
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly LabNode _node = fixture.Mesh.Node(1);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Links_AllDown_NothingForTheMeshLeavesByTheDefaultRoute()
    {
        await fixture.ReachableAsync(_ct);
        var other = (await _mesh.Node(2).StatusAsync(_ct)).Numbers;
        IPAddress[] inMesh = [AddressPlan.Workload4(2), AddressPlan.Workload6(2), IPAddress.Parse(other.Address4), IPAddress.Parse(other.Address6)];
        using var netlink = RouteNetlink.OpenIn(_node.Machine.NetworkPath);
        foreach (var gateway in Gateways)
            netlink.ReplaceRoute(DefaultBy(gateway));
        var agent = _node.Find("agent")!;
        agent.Signal(SigStop);
        try
        {
            foreach (var link in netlink.GetLinks().Where(link => link.Name.StartsWith("mo-", StringComparison.Ordinal) || link.Name == "meshover0"))
                netlink.SetLink(link.Name, new LinkChange { Up = false });
            await Until.NothingIsMissingAsync("no way leads into the mesh", Patience, () => Task.FromResult(
                inMesh.FirstOrDefault(address => netlink.FindRoute(new RouteQuery(address)) is { Kind: RouteKind.Unicast })?.ToString()), _ct);

            var seen = await SendAsync([.. inMesh, .. Elsewhere]);
            Assert.All(Elsewhere, address => Assert.Contains(address, seen)); // the capture sees what leaves by the default route
            Assert.All(inMesh, address => Assert.DoesNotContain(address, seen));

            // Without these routes it would have left: else this test tests nothing.
            foreach (var route in netlink.GetRoutes().Where(route => route.Kind == RouteKind.Unreachable && route.Protocol == new NodeSettings().RouteProtocol).ToList())
                netlink.DeleteRoute(route);
            var leaked = await SendAsync(inMesh);
            Assert.All(inMesh, address => Assert.Contains(address, leaked));
        }
        finally
        {
            agent.Signal(SigContinue);
            foreach (var gateway in Gateways)
                netlink.DeleteRoute(DefaultBy(gateway));
        }
        // The agent puts right what was taken away behind its back.
        await fixture.ReachableAsync(_ct);
    }

    /// <returns>Where packets on the underlay were going meanwhile.</returns>
    private async Task<IReadOnlyCollection<IPAddress>> SendAsync(IPAddress[] targets)
    {
        await using var capture = UnderlayCapture.Start(_mesh.Machines[UnderlayPlanner.Middle]);
        await Task.WhenAll(
            from machine in new[] { _node.Machine, _node.Workload } from target in targets select SendAsync(machine, target));
        return capture.Destinations;
    }

    private async Task SendAsync(Machine machine, IPAddress target)
    {
        using var socket = EchoSocket.Open(machine, target.AddressFamily, TimeProvider.System);
        for (var attempt = 0; attempt < 3; attempt++)
            Assert.Null(await socket.EchoAsync(target, LongEnough, _ct));
    }

    private static RouteInfo DefaultBy(IPAddress gateway) => new()
    {
        Destination = new IPNetwork(gateway.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0),
        Gateway = gateway,
        Protocol = RouteProtocols.Static,
    };
}
