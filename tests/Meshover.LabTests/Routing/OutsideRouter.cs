using System.Net;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Linux.Processes;
using Meshover.Routing.Vtysh;

namespace Meshover.LabTests.Routing;

/// <summary>A router that knows nothing of the mesh, in a namespace of its own, on a link to one node.</summary>
internal abstract class OutsideRouter : IDisposable
{
    private static int _count;
    private readonly List<ProcessIdentity> _processes = [];

    /// <param name="node">The node's namespace: a path.</param>
    protected OutsideRouter(string node)
    {
        var serial = Interlocked.Increment(ref _count);
        (Name, Link, Directory) = ($"t-outside-{Environment.ProcessId}-{serial}", $"out{serial}", $"/run/t-outside-{Environment.ProcessId}-{serial}");
        (Address, NodeAddress) = (IPAddress.Parse($"203.0.113.{4 * serial + 1}"), IPAddress.Parse($"203.0.113.{4 * serial + 2}"));
        NetworkNamespace.Create(Name);
        using var inner = RouteNetlink.OpenIn(NetworkNamespace.PathOf(Name));
        using var outer = RouteNetlink.OpenIn(node);
        inner.SetUp("lo");
        inner.CreateLink(LinkSpec.Veth("eth0", Link, node));
        inner.ReplaceAddress("eth0", Address, 30);
        outer.ReplaceAddress(Link, NodeAddress, 30);
        inner.SetUp("eth0");
        outer.SetUp(Link);
    }

    public string Name { get; }

    /// <summary>The link, as the node knows it.</summary>
    public string Link { get; }
    public IPAddress Address { get; }
    public IPAddress NodeAddress { get; }
    protected string Directory { get; }

    /// <summary>All its IPv4 routes, a line each or more.</summary>
    public abstract Task<string> RoutesAsync();

    /// <summary>Those to one prefix with their attributes; something else where there is none.</summary>
    public abstract Task<string> RouteAsync(string prefix);

    protected void Start(string program, params string[] arguments) =>
        _processes.Add(DetachedProcess.Start(program, arguments, $"{Directory}/log", NetworkNamespace.PathOf(Name)));

    protected static async Task<string> RunAsync(string program, params string[] arguments) =>
        (await ToolRunner.RunAsync(program, arguments, TimeSpan.FromSeconds(20), TimeProvider.System, CancellationToken.None)).Output;

    public void Dispose()
    {
        foreach (var process in _processes) process.Kill();
        NetworkNamespace.Delete(Name);
        if (System.IO.Directory.Exists(Directory)) System.IO.Directory.Delete(Directory, recursive: true);
    }
}

/// <summary>This machine's own FRR.</summary>
internal sealed class OutsideFrr(string node) : OutsideRouter(node)
{
    private const string Programs = "/usr/lib/frr";

    /// <param name="node">The namespace of the node: a path.</param>
    /// <param name="bgpd">Its configuration beside the session's own lines, under <c>router bgp</c> and before it.</param>
    public static async Task<OutsideFrr> StartAsync(string node, Func<OutsideFrr, string> bgpd)
    {
        var router = new OutsideFrr(node);
        await RunAsync("install", "-d", "-o", "frr", "-g", "frr", router.Directory);
        File.WriteAllText($"{router.Directory}/zebra.conf", "");
        File.WriteAllText($"{router.Directory}/bgpd.conf", bgpd(router));
        router.Start($"{Programs}/zebra", router.Arguments("zebra"));
        await Until.TrueAsync("zebra outside is there", TimeSpan.FromSeconds(20), () => File.Exists($"{router.Directory}/zserv.api"));
        router.Start($"{Programs}/bgpd", router.Arguments("bgpd"));
        await Until.TrueAsync("bgpd outside is there", TimeSpan.FromSeconds(20), () => File.Exists($"{router.Directory}/bgpd.vty"));
        return router;
    }

    public override Task<string> RoutesAsync() => ShowAsync("show bgp ipv4 unicast");

    public override Task<string> RouteAsync(string prefix) => ShowAsync($"show bgp ipv4 unicast {prefix}");

    private Task<string> ShowAsync(string command) => RunAsync("vtysh", "--vty_socket", Directory, "--config_dir", Directory, "-c", command);

    private string[] Arguments(string daemon) =>
    [
        "-u", "frr", "-g", "frr", "--vty_socket", Directory, "-z", $"{Directory}/zserv.api", "-i", $"{Directory}/{daemon}.pid", "-f", $"{Directory}/{daemon}.conf",
        "-A", "127.0.0.1", "-P", "0", "--log", $"file:{Directory}/{daemon}.log",
    ];
}

/// <summary>BIRD 2.</summary>
internal sealed class OutsideBird(string node) : OutsideRouter(node)
{
    /// <param name="node">The namespace of the node: a path.</param>
    /// <param name="configuration">All but its router id and <c>protocol device</c>.</param>
    public static async Task<OutsideBird> StartAsync(string node, Func<OutsideBird, string> configuration)
    {
        var router = new OutsideBird(node);
        System.IO.Directory.CreateDirectory(router.Directory);
        File.WriteAllText($"{router.Directory}/bird.conf", $"router id {router.Address};\nprotocol device {{ }}\n{configuration(router)}");
        router.Start("bird", "-f", "-c", $"{router.Directory}/bird.conf", "-s", router.Socket, "-P", $"{router.Directory}/bird.pid");
        await Until.TrueAsync("BIRD is there", TimeSpan.FromSeconds(20), () => File.Exists(router.Socket));
        return router;
    }

    public override Task<string> RoutesAsync() => RunAsync("birdc", "-s", Socket, "show", "route", "all");

    public override Task<string> RouteAsync(string prefix) => RunAsync("birdc", "-s", Socket, "show", "route", "all", prefix);

    private string Socket => $"{Directory}/bird.ctl";
}
