using System.Net;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;
using Meshover.LabTests.Mesh;
using Meshover.LabTests.WireGuard;

namespace Meshover.LabTests.Kernel;

/// <summary>
/// A mesh of three nodes, whole as a user would have it, on a kernel that carries the packets itself. The machine is slow: BFD is told to
/// be patient, and so is every wait.
/// </summary>
public sealed class KernelMeshFixture : IAsyncLifetime
{
    private const string PatientBfd =
        """
        frr defaults datacenter
        hostname {{ host_name }}
        bfd
         profile MESH
          transmit-interval 1000
          receive-interval 1000
          detect-multiplier 5
         exit
        exit

        """;

    private static readonly TimeSpan SwitchPatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    // However slow the machine is, what takes more than this many times its bound is the program's.
    private const double MostSlowness = 4;

    // Emulated on two processors that have nothing else to do; on a real machine it is 10 ms.
    private static readonly TimeSpan IdleStart = TimeSpan.FromMilliseconds(300);
    private const int Starts = 10;
    private readonly string _templates = Directory.CreateTempSubdirectory("meshover-templates-").FullName;

    private ReachChecker _checker = null!;

    public LabMesh Mesh { get; private set; } = null!;

    /// <summary>The third node as it was before it joined.</summary>
    public IReadOnlyList<string> Before { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var ct = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(Path.Combine(_templates, "bfdd.conf.liquid"), PatientBfd, ct);
        // A module of tunnels brings a device of its own into every namespace: it is there before we look what we leave.
        await Shell.RunAsync("modprobe", "-a", "wireguard", "ip_gre");
        Mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = "mk", Nodes = 3 }, TimeProvider.System, ct);
        Before = await SystemSnapshot.TakeAsync(Mesh.Node(3).Machine, ct);
        await Mesh.Controller.InitAsync(ct);
        Mesh.Controller.Serve();
        await Mesh.Controller.WaitAsync(Patience, ct);
        // One after the other: what starts three nodes at once on so slow a machine is slow enough to be given up.
        foreach (var node in Mesh.Nodes)
            await JoinAsync(node, ct);
        _checker = await Mesh.CheckerAsync(ct);
        await ReachableAsync(ct);
    }

    /// <summary>Every pair of nodes and of workloads answers.</summary>
    public async Task ReachableAsync(CancellationToken ct)
    {
        var missing = await _checker.WaitAsync(Patience, progress: null, ct);
        Assert.True(missing.Count == 0, $"not reachable: {string.Join(", ", missing)}\n{string.Join('\n', Mesh.Nodes.Select(node => node.Logs()))}");
    }

    /// <summary>
    /// A hashed transfer between every pair of nodes and of workloads. That they answer pings was seen before; among transfers a ping
    /// may take longer here than the checker waits.
    /// </summary>
    public async Task AssertPairsAsync(CancellationToken ct)
    {
        var bad = (await _checker.CheckAsync(ct)).Where(pair => !pair.Tcp).ToList();
        Assert.True(bad.Count == 0, string.Join('\n', bad));
    }

    /// <summary>Tells a running node who is to carry its packets, and waits until all is well again.</summary>
    /// <param name="choice">kernel | userspace | auto</param>
    /// <param name="kind">What it then is: kernel | userspace.</param>
    public async Task SwitchAsync(LabNode node, string choice, string kind, CancellationToken ct)
    {
        (await node.UpAsync(input: null, ["--no-wait", "--dataplane", choice], ct)).Checked();
        await Until.NothingIsMissingAsync($"{node.Machine.Name} has its {kind} data plane", SwitchPatience, async () =>
            await DataplaneAsync(node, ct) is var now && now.State == "ok" && now.Kind == kind ? null : now.ToString(), ct);
        await ReachableAsync(ct);
    }

    public async Task<ComponentState> DataplaneAsync(LabNode node, CancellationToken ct) =>
        (await node.StatusAsync(ct)).Components.Single(component => component.Name == "dataplane");

    /// <summary>How many times longer than on an idle machine a program of ours takes to start, 1 to 4: what 5 s are there, are more here.</summary>
    public async Task<double> SlownessAsync(LabNode node, CancellationToken ct)
    {
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Starts; i++)
            (await node.MeshoverAsync(["--version"], ct)).Checked();
        return Math.Clamp(TimeProvider.System.GetElapsedTime(start) / (Starts * IdleStart), 1, MostSlowness);
    }

    /// <summary>Steady pings from the first workload to the others, from a second before until five seconds after what is done.</summary>
    public async Task<PingReport[]> PingDuringAsync(Func<Task> fault, CancellationToken ct)
    {
        IPAddress[] targets = [AddressPlan.Workload4(2), AddressPlan.Workload6(2), AddressPlan.Workload4(3)];
        var pings = targets.Select(target => SteadyPing.Start(Mesh.Node(1).Workload, target, TimeProvider.System)).ToArray();
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, ct);
            await fault();
            await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System, ct);
            return await Task.WhenAll(pings.Select(ping => ping.StopAsync()));
        }
        finally
        {
            foreach (var ping in pings)
                await ping.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _checker.Dispose();
        await Mesh.DisposeAsync();
        Directory.Delete(_templates, recursive: true);
    }

    private async Task JoinAsync(LabNode node, CancellationToken ct)
    {
        var join = await Mesh.Controller.CreateTokenAsync(node.Number, ct);
        string[] arguments = ["--join", "-", "--no-wait", "--timeout", $"{Patience.TotalSeconds}", "--templates", _templates, "--announce", string.Join(',', AddressPlan.Announced(node.Number))];
        (await node.UpAsync(join, arguments, ct)).Checked();
    }
}

/// <summary>The tests of one mesh: it takes long to come up.</summary>
[CollectionDefinition(Name)]
public sealed class KernelMeshCollection : ICollectionFixture<KernelMeshFixture>
{
    public const string Name = "kernel mesh";
}
