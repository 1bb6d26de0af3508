using System.Net;
using System.Net.Sockets;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.LabTests.Mesh;
using Meshover.LabTests.WireGuard;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Identity;

namespace Meshover.LabTests.Kernel;

/// <summary>
/// The kernel carries n1's and n3's packets, our engine n2's. What goes from workload to workload comes out as it went in, or the sender
/// is told why it cannot.
/// </summary>
[Collection(KernelMeshCollection.Name)]
public sealed class MixedMeshTests(KernelMeshFixture fixture, MixedMeshFixture mixed) : IClassFixture<MixedMeshFixture>
{
    private const int TcpBytes = 300_000;
    private static readonly (int From, int To)[] Pairs = [(1, 2), (2, 1), (1, 3)];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Content_BetweenAllWorkloads_IsTheSame()
    {
        Assert.Equal(2, mixed.EngineNode.Number);
        foreach (var (from, to) in Pairs)
        {
            foreach (var address in WorkloadsOf(to))
            {
                await Traffic.TcpAsync(Sockets(from), Sockets(to), address, TcpBytes, seed: from);
                await Traffic.UdpAsync(Sockets(from), Sockets(to), address, trains: 10, seed: to);
            }
        }
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    [InlineData(1, 3)]
    public async Task UndividedPacket_OfTheLinksSize_PassesAndALargerOneComesBackAsTooBig(int from, int to)
    {
        await AssertFitsAsync(from, to, 1396);
        foreach (var address in WorkloadsOf(to))
        {
            var (exit, said) = await PingAsync(from, address, 1397);
            Assert.True(exit != 0, said);
            Assert.Matches($"From {NearGateway(from, address)} .*(Frag needed and DF set \\(mtu = 1396\\)|Packet too big: mtu=1396)", said);
        }
    }

    // The links follow the underlay's MTU, but never below what IPv6 needs: there the outer packets are cut.
    [Theory]
    [InlineData(9000, 8896)]
    [InlineData(1280, 1280)]
    public async Task Underlay_OfAnotherSize_LinksFollowAndFullPacketsPass(int underlay, int link)
    {
        try
        {
            SetUnderlay(underlay);
            await LinksAreAsync(link);
            await using var capture = UnderlayCapture.Start(_mesh.Machines[UnderlayPlanner.Middle]);
            foreach (var (from, to) in Pairs)
            {
                await AssertFitsAsync(from, to, link);
                foreach (var address in WorkloadsOf(to))
                    await Traffic.TcpAsync(Sockets(from), Sockets(to), address, TcpBytes, seed: underlay + to);
            }
            Assert.Equal(underlay == 1280, capture.Fragments > 0);
        }
        finally
        {
            SetUnderlay(1500);
            await LinksAreAsync(1396);
        }
    }

    private async Task AssertFitsAsync(int from, int to, int size)
    {
        foreach (var address in WorkloadsOf(to))
        {
            var (exit, said) = await PingAsync(from, address, size);
            Assert.True(exit == 0, $"{size} bytes: {said}");
        }
    }

    // Undivided; the sender forgets what it has learned of the path before, so that it is the path which answers.
    private async Task<(int ExitCode, string Said)> PingAsync(int from, IPAddress address, int size)
    {
        var (family, headers) = address.AddressFamily == AddressFamily.InterNetwork ? ("-4", 28) : ("-6", 48);
        var workload = _mesh.Node(from).Workload;
        (await workload.RunAsync("ip", [family, "route", "flush", "cache"], _ct)).Checked();
        var result = await workload.RunAsync("ping", ["-n", "-c", "1", "-W", "5", "-M", "do", "-s", $"{size - headers}", $"{address}"], _ct);
        return (result.ExitCode, result.Output + result.Error);
    }

    // All interfaces under the mesh and behind it.
    private void SetUnderlay(int mtu)
    {
        Machine[] wide =
        [
            _mesh.Machines[UnderlayPlanner.Middle], _mesh.Controller.Machine,
            .. _mesh.Nodes.SelectMany(node => (Machine[])[node.Machine, node.Workload]),
        ];
        foreach (var machine in wide)
        {
            using var netlink = RouteNetlink.OpenIn(machine.NetworkPath);
            foreach (var link in netlink.GetLinks().Where(link => link.Kind == "veth"))
            {
                var isBehind = link.Name == UnderlayPlanner.WorkloadInterface || IsWorkload(machine);
                netlink.SetLink(link.Name, new LinkChange { Mtu = isBehind ? Math.Max(mtu, 1500) : mtu });
            }
        }
    }

    private bool IsWorkload(Machine machine) => _mesh.Nodes.Any(node => node.Workload == machine);

    private async Task LinksAreAsync(int mtu)
    {
        foreach (var node in _mesh.Nodes)
        {
            using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
            await Until.NothingIsMissingAsync($"{node.Machine.Name}'s links have an MTU of {mtu}", Patience, () => Task.FromResult(
                netlink.GetLinks().FirstOrDefault(link => NodeId.IsLinkName(link.Name) && link.Mtu != mtu)?.ToString()), _ct);
        }
        await fixture.ReachableAsync(_ct);
    }

    private NewSocket Sockets(int node) => (family, type) => _mesh.Node(node).Workload.InNetwork(() =>
        new Socket(family, type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp));

    private static IPAddress[] WorkloadsOf(int node) => [AddressPlan.Workload4(node), AddressPlan.Workload6(node)];

    private static string NearGateway(int node, IPAddress to) => to.AddressFamily == AddressFamily.InterNetwork ? $"10.64.{node}.1" : $"fd64:{node}::1";
}

/// <summary>The kernel mesh with its second node on the engine, for as long as these tests take.</summary>
public sealed class MixedMeshFixture(KernelMeshFixture kernel) : IAsyncLifetime
{
    public LabNode EngineNode => kernel.Mesh.Node(2);

    public async ValueTask InitializeAsync()
    {
        var ct = TestContext.Current.CancellationToken;
        await kernel.ReachableAsync(ct);
        await kernel.SwitchAsync(EngineNode, "userspace", "userspace", ct);
    }

    public async ValueTask DisposeAsync() => await kernel.SwitchAsync(EngineNode, "auto", "kernel", TestContext.Current.CancellationToken);
}
