using System.Diagnostics;
using System.Net;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Linux.Processes;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Meshover.Routing.Vtysh;

namespace Meshover.LabTests.Routing;

/// <summary>One node: a namespace with its addresses, a docker0 and an underlay address that must not leak, a workload behind it, and <c>meshover routing</c>.</summary>
internal sealed class FrrNode : IDisposable
{
    private static int _count;

    // Beds stand side by side, each with nodes of the same numbers.
    private readonly string _serial = $"{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
    private readonly RouteNetlink _workload;

    /// <param name="system">Whose FRR it runs (<see cref="OtherSystem"/>); null: this machine's.</param>
    public FrrNode(uint id, RoutingModel model, string? system = null)
    {
        (Id, Model, System) = (id, model, system);
        RunDirectory = $"/run/t-routing/{_serial}";
        Options = new RoutingOptions { SocketPath = $"{RunDirectory}/routing.sock", FrrDirectory = $"{RunDirectory}/frr" };
        Client = new RoutingClient(Options.SocketPath);
        foreach (var name in (string[])[Name, WorkloadName])
        {
            if (NetworkNamespace.Exists(name)) NetworkNamespace.Delete(name);
            NetworkNamespace.Create(name);
            NetworkNamespace.RunIn(NetworkNamespace.PathOf(name), Furnish);
        }
        Netlink = RouteNetlink.OpenIn(Namespace);
        _workload = RouteNetlink.OpenIn(NetworkNamespace.PathOf(WorkloadName));
        AddAddresses();
        AddWorkload();
    }

    public uint Id { get; }
    public RoutingModel Model { get; set; }

    /// <summary>What starts <c>meshover routing</c>, such as env.</summary>
    public IReadOnlyList<string> StartedBy { get; set; } = [];
    public FrrBackendConfig Backend { get; set; } = FrrBackendConfig.Process;
    public string? System { get; }
    public string Name => $"t-routing-{_serial}";
    public string Namespace => NetworkNamespace.PathOf(Name);
    public string WorkloadName => $"t-routing-w{_serial}";
    public string RunDirectory { get; }
    public RoutingOptions Options { get; }
    public RouteNetlink Netlink { get; }
    public RoutingClient Client { get; }
    public ProcessIdentity? Supervisor { get; private set; }
    public string LinkTo(FrrNode peer) => new NodeId(peer.Id).LinkName;

    /// <summary>Starts <c>meshover routing</c> and waits for its socket.</summary>
    public async Task StartSupervisorAsync()
    {
        Directory.CreateDirectory(RunDirectory);
        Supervisor = Start([]);
        await Until.TrueAsync($"{Name} serves its socket", TimeSpan.FromSeconds(15), async () => await StateAsync() is not null);
    }

    /// <summary>Ends <c>meshover routing</c> and starts it once more, by way of the command that is given.</summary>
    public async Task RestartSupervisorAsync(IReadOnlyList<string> by)
    {
        Supervisor!.Kill();
        await Supervisor.WaitForExitAsync();
        Supervisor = Start(by);
        // Or starts it anew, which takes a busy machine longer.
        await Until.TrueAsync($"{Name} adopts FRR", TimeSpan.FromSeconds(40), async () => await StateAsync() == RoutingState.Running);
    }

    /// <summary>Kills <c>meshover routing</c> and its FRR: the node's routing is away, its links stay.</summary>
    public async Task StopAsync()
    {
        Supervisor!.Kill();
        await Supervisor.WaitForExitAsync();
        foreach (var daemon in FrrProcessScanIn().Ours.Values) daemon.Kill();
    }

    /// <summary>What <c>meshover routing</c> said.</summary>
    public Task<string> LogAsync() => File.ReadAllTextAsync($"{RunDirectory}/routing.log");

    private ProcessIdentity Start(IReadOnlyList<string> by)
    {
        string[] command = [.. by, .. StartedBy, .. Prefix, LabPrograms.Meshover, "--run-dir", RunDirectory, "routing"];
        return DetachedProcess.Start(command[0], command[1..], $"{RunDirectory}/routing.log", Namespace);
    }

    public Task<ApplyResult> ApplyAsync() => ApplyAsync(FrrTemplateSet.Embedded);

    public Task<ApplyResult> ApplyAsync(FrrTemplateSet templates) => Client.ApplyAsync(FrrRenderer.Render(Model, templates) with { Backend = Backend });

    public async Task<RoutingState?> StateAsync()
    {
        try
        {
            return (await Client.GetStatusAsync()).State;
        }
        catch (RoutingException)
        {
            return null;
        }
    }

    public async Task<bool> HasSessionsAsync(int count) =>
        (await Client.GetStatusAsync()).Neighbors.Count(n => n is { BgpState: "Established", BfdUp: true }) == count;

    public async Task<ProcessIdentity> DaemonAsync(string name) =>
        ProcessIdentity.TryFind((await Client.GetStatusAsync()).Daemons.Single(d => d.Name == name).Pid)!;

    /// <summary>FRR's own shell, of the same release.</summary>
    public async Task<string> VtyshAsync(params string[] commands)
    {
        string[] command = [.. Prefix, LabPrograms.Meshover, "--run-dir", RunDirectory, "vtysh", .. commands.SelectMany(c => new[] { "-c", c })];
        var result = await ToolRunner.RunAsync(command[0], command[1..], TimeSpan.FromSeconds(30), TimeProvider.System, CancellationToken.None);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }

    /// <summary>The kernel's BGP routes: destination and preferred source.</summary>
    public Dictionary<string, IPAddress?> BgpRoutes() => Netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp })
        .GroupBy(r => $"{r.Destination}").ToDictionary(g => g.Key, g => g.First().PreferredSource);

    private IReadOnlyList<string> Prefix => System is null ? [] : OtherSystem.Prefix(System);

    public void Dispose()
    {
        Supervisor?.Kill();
        foreach (var daemon in FrrProcessScanIn().Ours.Values) daemon.Kill();
        Netlink.Dispose();
        _workload.Dispose();
        NetworkNamespace.Delete(Name);
        NetworkNamespace.Delete(WorkloadName);
        if (Directory.Exists(RunDirectory)) Directory.Delete(RunDirectory, recursive: true);
    }

    public FrrProcessScan FrrProcessScanIn() => NetworkNamespace.RunIn(Namespace, () => FrrProcessScan.Take(new FrrFiles(Options)));

    /// <summary>A veth pair that stands for the link of the mesh between two nodes.</summary>
    public static void Connect(FrrNode a, FrrNode b)
    {
        a.Netlink.CreateLink(LinkSpec.Veth(a.LinkTo(b), b.LinkTo(a), b.Namespace));
        a.BringUp(b);
        b.BringUp(a);
    }

    public void BringUp(FrrNode peer)
    {
        Netlink.SetLink(LinkTo(peer), new LinkChange { AddressGeneration = AddressGenerationMode.None });
        // As the tunnels that it stands for: there is nobody to ask for but the one at the other end.
        Ip("link", "set", LinkTo(peer), "arp", "off", "address", "02:00:00:00:00:01");
        Netlink.SetUp(LinkTo(peer));
        Netlink.ReplaceAddress(LinkTo(peer), new NodeId(Id).LinkLocal, 64);
    }

    /// <summary>A link of the mesh as the agent makes it, with nobody at its other end.</summary>
    /// <returns>Its name.</returns>
    public string MakeLink(uint peer)
    {
        var name = new NodeId(peer).LinkName;
        Netlink.CreateLink(LinkSpec.Bridge(name));
        Netlink.SetLink(name, new LinkChange { AddressGeneration = AddressGenerationMode.None });
        Netlink.SetUp(name);
        Netlink.ReplaceAddress(name, new NodeId(Id).LinkLocal, 64);
        Netlink.ReplaceAddress(name, Model.Source4, 32);
        return name;
    }

    private void Ip(params string[] arguments)
    {
        using var ip = Process.Start("ip", ["-n", Name, .. arguments]);
        ip.WaitForExit();
        Assert.Equal(0, ip.ExitCode);
    }

    private static void Furnish()
    {
        foreach (var all in (string[])["all", "default"])
        {
            SysctlFile.Write($"net.ipv4.conf.{all}.rp_filter", "0");
            SysctlFile.Write($"net.ipv4.conf.{all}.forwarding", "1");
            SysctlFile.Write($"net.ipv6.conf.{all}.forwarding", "1");
        }
    }

    private void AddAddresses()
    {
        Netlink.SetUp("lo");
        Netlink.ReplaceAddress("lo", Model.Source4, 32);
        Netlink.ReplaceAddress("lo", Model.Source6, 128);
        Netlink.CreateLink(LinkSpec.Bridge("docker0"));
        Netlink.CreateLink(LinkSpec.Veth("ul0", "ul1"));
        Netlink.ReplaceAddress("docker0", IPAddress.Parse("172.17.0.1"), 16);
        Netlink.ReplaceAddress("ul0", IPAddress.Parse($"192.0.2.{Id}"), 24);
        foreach (var link in (string[])["docker0", "ul1", "ul0"]) Netlink.SetUp(link);
    }

    private void AddWorkload()
    {
        Netlink.CreateLink(LinkSpec.Veth("wl", "eth0", NetworkNamespace.PathOf(WorkloadName)));
        Netlink.ReplaceAddress("wl", IPAddress.Parse($"10.64.{Id}.1"), 24);
        Netlink.SetUp("wl");
        _workload.SetUp("eth0");
        _workload.ReplaceAddress("eth0", IPAddress.Parse($"10.64.{Id}.2"), 24);
        _workload.ReplaceRoute(new RouteInfo { Destination = IPNetwork.Parse("0.0.0.0/0"), Gateway = IPAddress.Parse($"10.64.{Id}.1"), OutputLink = _workload.GetLink("eth0").Index });
    }
}
