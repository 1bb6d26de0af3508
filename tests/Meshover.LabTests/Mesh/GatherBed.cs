using System.Net;
using System.Net.Sockets;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>Four nodes on one underlay. The controller's machine is the world outside; every node has its default route there.</summary>
internal sealed class GatherBed : IAsyncDisposable
{
    public static readonly IPAddress Outside4 = OutsideWorld.Outside4;
    public static readonly IPAddress Outside6 = OutsideWorld.Outside6;
    private static readonly IPAddress Source4 = OutsideWorld.Source4;
    private static readonly IPAddress Source6 = OutsideWorld.Source6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly EchoSocket _echo4;
    private readonly EchoSocket _echo6;
    private readonly OutsideWorld _world;

    private GatherBed(LabMesh mesh)
    {
        Mesh = mesh;
        _world = OutsideWorld.Build(mesh);
        AnswersBy(3);
        _echo4 = EchoSocket.Open(Workload, AddressFamily.InterNetwork, TimeProvider.System);
        _echo6 = EchoSocket.Open(Workload, AddressFamily.InterNetworkV6, TimeProvider.System);
    }

    public LabMesh Mesh { get; }

    /// <summary>Behind n1; what it sends has an address of the ranges.</summary>
    public Machine Workload => _world.Workload;

    /// <summary>n3 and n4 gather, n3 with the greater priority; n2 passes on what others cannot send directly.</summary>
    public static async Task<GatherBed> StartAsync(CancellationToken ct)
    {
        var mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 4, Underlay = UnderlayKind.Flat }, TimeProvider.System, ct);
        var bed = new GatherBed(mesh);
        try
        {
            await mesh.StartControllerAsync(new TestProgress(), ct);
            await Task.WhenAll(mesh.Nodes.Select(node => bed.CountLeavingAsync(node, ct)));
            await Task.WhenAll(mesh.Nodes.Select(node => bed.JoinAsync(node, ct)));
            await mesh.DirectAsync(Patience, ct);
            foreach (var node in (int[])[2, 3, 4])
                await mesh.Node(node).RoutedAsync(isThere: true, OutsideWorld.Hosts);
            await bed._world.LearnLinksAsync(ct);
            return bed;
        }
        catch
        {
            await bed.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc cref="OutsideWorld.LeadsByAsync"/>
    public Task<TimeSpan> LeadsByAsync(int? node, CancellationToken ct) => _world.LeadsByAsync(node, Patience, ct);

    /// <summary>Waits until the node has chosen that owner for both ranges: whoever saw n4 first stays with it until n3 has been well for 10 s.</summary>
    public async Task ChosenAsync(int node, string owner, CancellationToken ct)
    {
        foreach (var (from, to) in ((IPAddress, IPAddress)[])[(Source4, Outside4), (Source6, Outside6)])
            await Until.NothingIsMissingAsync($"n{node} has chosen {owner}", Patience, async () =>
                (await Mesh.Node(node).MeshoverAsync(["route", "explain", "--from", $"{from}", $"{to}"], ct)).Output is var said && said.Contains($"({owner}), table", StringComparison.Ordinal) ? null : said, ct);
    }

    /// <summary>What comes from outside to the ranges comes by this node.</summary>
    public void AnswersBy(int node) => _world.AnswersBy(node);

    public Task<TimeSpan?> EchoAsync(IPAddress target, CancellationToken ct) =>
        (target.AddressFamily == AddressFamily.InterNetwork ? _echo4 : _echo6).EchoAsync(target, TimeSpan.FromSeconds(1), ct);

    /// <summary>The host outside answers over both families.</summary>
    public async Task AnsweredAsync(CancellationToken ct)
    {
        foreach (var target in (IPAddress[])[Outside4, Outside6])
            await Until.NothingIsMissingAsync($"{target} answers", Patience, async () => await EchoAsync(target, ct) is null ? _world.Describe() : null, ct);
    }

    /// <summary>TCP from the workload to the host outside carries bytes to and fro, over both families.</summary>
    public async Task ConnectsAsync(CancellationToken ct)
    {
        foreach (var (from, to) in ((IPAddress, IPAddress)[])[(Source4, Outside4), (Source6, Outside6)])
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(ct);
            bound.CancelAfter(TimeSpan.FromSeconds(10));
            using var listener = Mesh.Controller.Machine.InNetwork(() => Bound(to));
            using var client = Workload.InNetwork(() => Bound(from));
            listener.Listen();
            var served = ServeAsync(listener, bound.Token);
            var buffer = new byte[8];
            try
            {
                await client.ConnectAsync(listener.LocalEndPoint!, bound.Token);
                await client.SendAsync("to"u8.ToArray(), bound.Token);
                Assert.Equal(2, await client.ReceiveAsync(buffer, bound.Token));
                await served;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException && !ct.IsCancellationRequested)
            {
                Assert.Fail($"no TCP from {from} to {to}: {e.Message}\n{_world.Describe()}");
            }
        }

        static Socket Bound(IPAddress address)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            return socket;
        }

        static async Task ServeAsync(Socket listener, CancellationToken ct)
        {
            using var accepted = await listener.AcceptAsync(ct);
            var buffer = new byte[8];
            await accepted.SendAsync(buffer.AsMemory(0, await accepted.ReceiveAsync(buffer, ct)), ct);
        }
    }

    /// <summary>None of the ranges' packets left these nodes by their uplinks.</summary>
    public async Task NothingLeftAsync(int[] nodes, CancellationToken ct)
    {
        foreach (var node in nodes)
        {
            var counters = (await Mesh.Node(node).Machine.RunAsync("nft", ["list", "counters", "table", "inet", "leaving"], ct)).Checked();
            Assert.True(counters.Contains("packets 0 ", StringComparison.Ordinal), $"packets left n{node}: {counters}");
        }
    }

    /// <summary>No node has an agent meanwhile.</summary>
    public async Task WithoutAgentsAsync(Func<Task> act)
    {
        using var stop = new CancellationTokenSource();
        Task[] killing = [.. Mesh.Nodes.Select(node => node.KeepDeadAsync("agent", stop.Token))];
        try
        {
            await act();
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(killing);
        }
    }

    /// <summary>A second of pings from the workload to the host outside.</summary>
    public async Task<PingReport> PingAsync(CancellationToken ct)
    {
        await using var ping = SteadyPing.Start(Workload, Outside4, TimeProvider.System);
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, ct);
        return await ping.StopAsync();
    }

    /// <summary>A packet of so many bytes beside its headers; its fragments arrive, or the word of a narrow way outside comes back to the workload.</summary>
    public async Task<string> LargePingAsync(int bytes, bool mayBeCut, CancellationToken ct) =>
        (await Workload.RunAsync("ping", ["-c", "1", "-W", "2", "-M", mayBeCut ? "dont" : "do", "-s", $"{bytes}", $"{Outside4}"], ct)).Output;

    /// <summary>From the node on the way to the host outside is so narrow.</summary>
    public Task NarrowAsync(int node, int mtu, CancellationToken ct) => Mesh.Node(node).IpAsync($"route add {Outside4} via {AddressPlan.Controller4} mtu {mtu}", ct);

    /// <summary>What <c>meshover route explain</c> says of a packet of the workload's has both of these.</summary>
    public async Task ExplainedAsync(int node, string to, string first, string second, CancellationToken ct)
    {
        var from = to.Contains(':', StringComparison.Ordinal) ? Source6 : Source4;
        var said = (await Mesh.Node(node).MeshoverAsync(["route", "explain", "--from", $"{from}", to], ct)) is { Output.Length: > 0 } result ? result.Output : "nothing";
        Assert.Contains(first, said, StringComparison.Ordinal);
        Assert.Contains(second, said, StringComparison.Ordinal);
    }

    /// <summary>The node's uplink carries the mesh and nothing else from now on.</summary>
    public async Task SilenceOutsideAsync(int node, CancellationToken ct)
    {
        var rules = $$"""
            table inet silence {
              chain out {
                type filter hook postrouting priority 0;
                oifname "{{UnderlayPlanner.Uplink}}" ip daddr {{Outside4}} drop
                oifname "{{UnderlayPlanner.Uplink}}" ip6 daddr {{Outside6}} drop
              }
            }

            """;
        (await Mesh.Node(node).Machine.RunAsync("nft", ["-f", "-"], rules, ct)).Checked();
    }

    public void CutOff(int node)
    {
        using var netlink = RouteNetlink.OpenIn(Mesh.Node(node).Machine.NetworkPath);
        netlink.SetLink(UnderlayPlanner.Uplink, new LinkChange { Up = false });
    }

    public async ValueTask DisposeAsync()
    {
        _echo4.Dispose();
        _echo6.Dispose();
        _world.Dispose();
        await Mesh.DisposeAsync();
    }

    private async Task JoinAsync(LabNode node, CancellationToken ct)
    {
        string[] own = [.. AddressPlan.Announced(node.Number), .. node.Number == 1 ? OutsideWorld.Hosts : []];
        string[] check = ["--gather-check", $"{Outside4}"];
        string[] flags = node.Number switch
        {
            3 => [.. OutsideWorld.Gathers(priority: 100), .. check],
            4 => [.. OutsideWorld.Gathers(priority: 50), .. check, "--transit", "never"],
            _ => [],
        };
        var join = await Mesh.Controller.CreateTokenAsync(own, ct);
        (await node.UpAsync(join, ["--join", "-", "--no-wait", "--announce", string.Join(',', own), .. flags], ct)).Checked();
        if (flags.Length > 0)
            await _world.GrantGatheringAsync(node.Number, ct);
    }

    /// <summary>What leaves is counted; what connection tracking does not understand is dropped, as firewalls do.</summary>
    private async Task CountLeavingAsync(LabNode node, CancellationToken ct)
    {
        var rules = $$"""
            table inet leaving {
              counter left { }
              chain strict { type filter hook forward priority 0; ct state invalid drop; }
              chain out {
                type filter hook postrouting priority 0;
                oifname "{{UnderlayPlanner.Uplink}}" ip saddr {{OutsideWorld.Range4}} counter name left
                oifname "{{UnderlayPlanner.Uplink}}" ip6 saddr {{OutsideWorld.Range6}} counter name left
              }
            }

            """;
        (await node.Machine.RunAsync("nft", ["-f", "-"], rules, ct)).Checked();
    }
}
