using System.Diagnostics;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// A node on a machine whose interfaces Debian's NetworkManager or systemd-networkd manages: `meshover doctor --fix` has ours let go, and
/// nothing about them changes, also when the manager starts again.
/// </summary>
public sealed class NetworkManagersTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly List<Process> _processes = [];
    private LabMesh _mesh = null!;
    private string[] _ours = [];

    private Machine Machine => _mesh.Node(1).Machine;

    public async ValueTask InitializeAsync()
    {
        _mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 2 }, TimeProvider.System, new TestProgress(), _ct);
        await _mesh.SettledAsync(_ct);
        using (var netlink = RouteNetlink.OpenIn(Machine.NetworkPath))
            _ours = [.. netlink.GetLinks().Select(link => link.Name).Where(KernelNames.Default.IsOurs)];
        Assert.Equal(3, _ours.Length);
        // Where they may write there they wait for udev, which is not here.
        await ShellAsync("mount -o remount,bind,ro /sys");
        await ShellAsync("mkdir -p /run/dbus /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp");
        await ShellAsync("chown -R systemd-network: /run/systemd/netif");
        Start("dbus-daemon", "--system", "--nofork", "--nopidfile");
        await UntilAsync("the bus is there", () => Task.FromResult(File.Exists(Machine.Disk("/run/dbus/system_bus_socket")) ? null : "no socket"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await EndAsync(process);
        await _mesh.DisposeAsync();
    }

    [Fact]
    public async Task NetworkManager_HasOurInterfaces_FixHasItLetGo()
    {
        await WriteAsync("/etc/NetworkManager/conf.d/10-lab.conf", "[main]\ndns=none\nrc-manager=unmanaged\nauth-polkit=false\n");
        var manager = Start("NetworkManager", "--no-daemon");
        Task UntilStateAsync(string state) => UntilAsync($"our interfaces are {state}", async () =>
            Unlike(state, (await Machine.RunAsync("nmcli", ["-t", "-f", "DEVICE,STATE", "device"], _ct)).Output, ':'));
        await UntilStateAsync("connected (externally)");

        await AssertFixedAsync("/etc/NetworkManager/conf.d/90-meshover.conf");

        await UntilStateAsync("unmanaged");
        await EndAsync(manager);
        Start("NetworkManager", "--no-daemon");
        await UntilStateAsync("unmanaged");
        await AssertAllAsItWasAsync();
    }

    [Fact]
    public async Task Networkd_WithAFileForEveryInterface_FixHasItLetGo()
    {
        // The machine's own: without link-local addresses there, the kernel asks for no neighbour of what it forwards (ndisc_send_ns).
        await WriteAsync("/etc/systemd/network/40-own.network",
            $"[Match]\nName={UnderlayPlanner.Uplink} {UnderlayPlanner.WorkloadInterface}\n[Network]\nLinkLocalAddressing=ipv6\nKeepConfiguration=yes\n");
        await WriteAsync("/etc/systemd/network/50-all.network", "[Match]\nName=*\n[Network]\nLinkLocalAddressing=no\n");
        var manager = Start("/lib/systemd/systemd-networkd");
        Task UntilStateAsync(string state) => UntilAsync($"our interfaces are {state}", async () =>
            Unlike(state, (await Machine.RunAsync("networkctl", ["list", "--no-legend", "--no-pager"], _ct)).Output, ' '));
        await UntilStateAsync("configured");

        await AssertFixedAsync("/etc/systemd/network/00-meshover.network", "/etc/systemd/networkd.conf.d/90-meshover.conf");

        await UntilStateAsync("unmanaged");
        await EndAsync(manager);
        Start("/lib/systemd/systemd-networkd");
        await UntilStateAsync("unmanaged");
        await AssertAllAsItWasAsync();
    }

    private async Task AssertFixedAsync(params string[] files)
    {
        var before = await _mesh.Node(1).MeshoverAsync(["doctor"], _ct);
        Assert.All(files, file => Assert.Contains($"{file} is missing", before.Output, StringComparison.Ordinal));
        (await _mesh.Node(1).MeshoverAsync(["doctor", "--fix"], _ct)).Checked();
        Assert.All(files, file => Assert.True(File.Exists(Machine.Disk(file)), file));
        Assert.DoesNotContain("network-manager", (await _mesh.Node(1).MeshoverAsync(["doctor"], _ct)).Checked(), StringComparison.Ordinal);
    }

    private async Task AssertAllAsItWasAsync()
    {
        Assert.Equal("up", (await _mesh.Node(1).StatusAsync(_ct)).State);
        using var checker = await _mesh.CheckerAsync(_ct);
        Assert.All(await checker.CheckAsync(_ct), pair => Assert.True(pair.Ping && pair.Tcp, pair.ToString()));
    }

    // The lines that say another state of our interfaces, and which are missing; null if none.
    private string? Unlike(string state, string listing, char separator)
    {
        var lines = listing.Split('\n').Where(line => _ours.Any(device => line.Contains(device, StringComparison.Ordinal))).ToArray();
        return lines.Length == _ours.Length && lines.All(line => line.TrimEnd().EndsWith($"{separator}{state}", StringComparison.Ordinal)) ? null : listing;
    }

    private Process Start(string program, params string[] arguments)
    {
        var start = Machine.Command(program, arguments);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
        return process;
    }

    private static async Task EndAsync(Process process)
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    private Task<TimeSpan> UntilAsync(string what, Func<Task<string?>> problem) => Until.NothingIsMissingAsync(what, Patience, problem, _ct);

    private Task WriteAsync(string path, string text) => ShellAsync($"mkdir -p {Path.GetDirectoryName(path)} && printf %s '{text}' > {path}");

    private async Task ShellAsync(string command) => (await Machine.RunAsync("sh", ["-c", command], _ct)).Checked();
}
