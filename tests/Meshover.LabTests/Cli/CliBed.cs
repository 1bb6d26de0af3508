using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Meshover.Lab;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Cli;

/// <summary>
/// A controller and one machine, each in a network namespace of its own with a cable between them, used by the programs' own command
/// lines and nothing else. The machine's files are in one temporary directory.
/// </summary>
public sealed class CliBed : IAsyncLifetime
{
    private const string Controller4 = "192.0.2.254";
    private static int _count;

    private readonly string _name = $"t-cli-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-cli-").FullName;
    private ProcessIdentity? _controller;

    private string Log => Path.Combine(_directory, "controller", "meshover.log");

    /// <summary>Admits any number of nodes.</summary>
    public string Join { get; private set; } = "";

    public string NodeNamespace => $"{_name}-n";

    public string ControllerNamespace => $"{_name}-c";

    public string State => Path.Combine(_directory, "state");

    public string Runtime => Path.Combine(_directory, "run");

    public string Config => Path.Combine(_directory, "etc", "agent.yaml");

    public async ValueTask InitializeAsync()
    {
        // FRR's own user passes through it.
        File.SetUnixFileMode(_directory, File.GetUnixFileMode(_directory) | UnixFileMode.OtherExecute);
        NetworkNamespace.Create(NodeNamespace);
        NetworkNamespace.Create(ControllerNamespace);
        // Detecting duplicates (RFC 4862 5.4) would take 2 s, in which the kernel goes on changing what tests compare before and after.
        foreach (var end in (string[])[NodeNamespace, ControllerNamespace])
            (await Programs.RunAsync("ip", ["netns", "exec", end, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0"])).Checked();
        using var node = RouteNetlink.OpenIn(NetworkNamespace.PathOf(NodeNamespace));
        using var controller = RouteNetlink.OpenIn(NetworkNamespace.PathOf(ControllerNamespace));
        await Programs.RunAsync("ip", ["link", "add", "eth0", "netns", NodeNamespace, "type", "veth", "peer", "name", "eth0", "netns", ControllerNamespace]);
        Furnish(node, "192.0.2.1");
        Furnish(controller, Controller4);
        Join = (await ControllerAsync("controller", "init", "--address", Controller4)).Checked();
        _controller = StartController();
        await Until.TrueAsync("the controller answers", TimeSpan.FromSeconds(30), async () => (await AdminAsync("token", "list")).ExitCode == 0);
        await Until.TrueAsync("the link-local address is the machine's alone", TimeSpan.FromSeconds(10), HasSettledAddressAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await MeshoverAsync("down");
        _controller?.Kill();
        NetworkNamespace.Delete(NodeNamespace);
        NetworkNamespace.Delete(ControllerNamespace);
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>`meshover` on the machine.</summary>
    internal Task<Ending> MeshoverAsync(params string[] arguments) => MeshoverInAsync(State, arguments);

    /// <summary>The same, as another identity: of this state directory.</summary>
    internal Task<Ending> MeshoverInAsync(string state, params string[] arguments) =>
        Programs.RunAsync("ip", ["netns", "exec", NodeNamespace, LabPrograms.Meshover, .. arguments, .. Paths(state)]);

    internal Task<Ending> MeshoverWithAsync(Dictionary<string, string> environment, params string[] arguments) =>
        Programs.RunAsync("ip", ["netns", "exec", NodeNamespace, LabPrograms.Meshover, .. arguments, .. Paths(State)], environment);

    /// <summary>`meshover` in the background; what it says is in <see cref="LogAsync"/>.</summary>
    internal ProcessIdentity Start(IReadOnlyDictionary<string, string?> environment, params string[] arguments) => DetachedProcess.Start(new DetachedProcessOptions
    {
        FileName = LabPrograms.Meshover,
        Arguments = [.. arguments, .. Paths(State)],
        LogFile = Log,
        NetworkNamespacePath = NetworkNamespace.PathOf(NodeNamespace),
        Environment = environment,
    });

    internal async Task<string> LogAsync() => File.Exists(Log) ? await File.ReadAllTextAsync(Log) : "";

    /// <summary>A file on the machine, outside of all that is Meshover's.</summary>
    internal async Task<string> WriteAsync(string name, string text)
    {
        var path = Path.Combine(_directory, name);
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    /// <summary>The join string of a mesh whose controller has an authority of its own; nobody serves it.</summary>
    internal async Task<string> JoinOfAnotherMeshAsync() =>
        (await ControllerAsync("other", "init", "--address", Controller4)).Checked();

    internal Task<Ending> OnMachineAsync(params string[] command) => Programs.RunAsync("ip", ["netns", "exec", NodeNamespace, .. command]);

    /// <summary>`meshover token|node|grant` at the controller.</summary>
    internal Task<Ending> AdminAsync(params string[] arguments) =>
        Programs.RunAsync(LabPrograms.Meshover, [.. arguments, "--admin-socket", Path.Combine(_directory, "controller", "run", "admin.sock")]);

    internal async Task<JsonElement> StatusAsync()
    {
        using var json = JsonDocument.Parse((await MeshoverAsync("status", "--json")).Output);
        return json.RootElement.Clone();
    }

    /// <summary>Null where it does not run.</summary>
    internal ProcessIdentity? Daemon(string name) => ProcessIdentity.ReadLive(Path.Combine(Runtime, $"{name}.pid"));

    internal ImmutableArray<int> Pids(params string[] names) => [.. names.Select(name => Daemon(name)?.Pid ?? 0)];

    /// <summary>The files of the machine, relative to its directory.</summary>
    internal IEnumerable<string> Files() =>
        Directory.EnumerateFileSystemEntries(_directory, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(_directory, path))
            .Where(path => path != "controller" && !path.StartsWith("controller/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    /// <summary>All of the namespace that a node changes, as text.</summary>
    internal async Task<string> KernelAsync()
    {
        var text = "";
        foreach (var command in (string[])["ip -o addr", "ip rule", "ip -6 rule", "ip route show table all", "ip -6 route show table all", "nft list ruleset"])
            text += $"# {command}\n{(await OnMachineAsync(command.Split(' '))).Checked()}\n";
        var sysctls = (await OnMachineAsync("sysctl", "-a", "-r", @"net\.ipv[46]\.(conf|ip_forward)")).Output;
        return text + sysctls;
    }

    private async Task<bool> HasSettledAddressAsync()
    {
        var addresses = (await OnMachineAsync("ip", "-6", "addr", "show", "dev", "eth0", "scope", "link")).Checked();
        return addresses.Contains("fe80:", StringComparison.Ordinal) && !addresses.Contains("tentative", StringComparison.Ordinal);
    }

    private async Task<Ending> ControllerAsync(string name, params string[] arguments) =>
        await Programs.RunAsync("ip", ["netns", "exec", ControllerNamespace, LabPrograms.Controller, .. arguments, .. ControllerPaths(name)]);

    private ProcessIdentity StartController() => DetachedProcess.Start(new DetachedProcessOptions
    {
        FileName = LabPrograms.Controller,
        // Both have one clock: a token that has ended is refused at once.
        Arguments = ["serve", "--clock-skew", "0s", .. ControllerPaths("controller")],
        LogFile = Path.Combine(_directory, "controller", "log"),
        NetworkNamespacePath = NetworkNamespace.PathOf(ControllerNamespace),
    });

    private string[] ControllerPaths(string name)
    {
        var directory = Path.Combine(_directory, "controller", name == "controller" ? "" : name);
        return ["--config", Path.Combine(directory, "controller.yaml"), "--state", Path.Combine(directory, "state"), "--run", Path.Combine(directory, "run")];
    }

    private string[] Paths(string state) => ["--state-dir", state, "--run-dir", Runtime, "--config", Config, "--uapi-dir", Path.Combine(_directory, "uapi")];

    private static void Furnish(RouteNetlink netlink, string address)
    {
        netlink.SetUp("lo");
        netlink.SetUp("eth0");
        var link = netlink.FindLink("eth0")!;
        netlink.ReplaceAddress(new AddressInfo { LinkIndex = link.Index, Address = IPAddress.Parse(address), PrefixLength = 24 });
    }
}
