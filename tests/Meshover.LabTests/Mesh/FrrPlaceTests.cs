using System.Diagnostics;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.LabTests.Routing;

namespace Meshover.LabTests.Mesh;

/// <summary>Where FRR runs, as users say it: `meshover up`, `status`, `vtysh` and `down`, with a real Podman on the machine.</summary>
public sealed class FrrPlaceTests : IAsyncLifetime
{
    private const string Image = "frr-of-the-lab:1";
    private static readonly string[] _inPodman = ["--frr-backend", "podman", "--frr-image", Image];

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly string _store = Directory.CreateTempSubdirectory("t-engine-").FullName;
    private LabMesh _mesh = null!;
    private Process? _podman;

    public async ValueTask InitializeAsync()
    {
        _mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 2 }, TimeProvider.System, _ct);
        await _mesh.StartControllerAsync(new TestProgress(), _ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (_podman is not null)
        {
            await PodmanAsync("rm", "--all", "--force");
            _podman.Kill();
            await _podman.WaitForExitAsync(CancellationToken.None);
        }
        await _mesh.DisposeAsync();
        await ContainerEngine.EndRestAsync(_store);
    }

    [Fact]
    public async Task Frr_InAContainer_NowhereAndOnTheMachine_IsAsTheSettingSays()
    {
        var (first, second) = (_mesh.Node(1), _mesh.Node(2));
        var token = await _mesh.Controller.CreateTokenAsync(1, _ct);

        // No engine, and no digest of that form: refused, and nothing is changed.
        var before = await SystemSnapshot.TakeAsync(first.Machine, _ct);
        var refused = await first.UpAsync(token, ["--join", "-", "--no-wait", .. _inPodman], _ct);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("Podman does not answer at /run/podman/podman.sock", refused.Error, StringComparison.Ordinal);
        Assert.Contains("is no name of an image", (await first.UpAsync(token, ["--join", "-", "--frr-image", "frr@sha256:12"], _ct)).Error, StringComparison.Ordinal);
        SystemSnapshot.AssertEqual(before, await SystemSnapshot.TakeAsync(first.Machine, _ct));

        await StartPodmanAsync();
        (await first.UpAsync(token, ["--join", "-", "--no-wait", .. _inPodman], _ct)).Checked();
        (await second.UpAsync(await _mesh.Controller.CreateTokenAsync(2, _ct), ["--join", "-", "--no-wait"], _ct)).Checked();
        await IsAsync(first, "ok", "frr 10.3");
        await IsAsync(second, "ok", "frr 8.4");
        Assert.Contains("FRRouting 10.3", (await first.MeshoverAsync(["vtysh", "-c", "show version"], _ct)).Checked(), StringComparison.Ordinal);
        Assert.Single((await PodmanAsync("ps", "--quiet")).Split('\n', StringSplitOptions.RemoveEmptyEntries));

        // An image that is not there is said in status, and FRR goes on where it is.
        var settings = first.Machine.Disk("/etc/meshover/agent.yaml");
        await File.WriteAllTextAsync(settings, (await File.ReadAllTextAsync(settings, _ct)).Replace(Image, "no-such-image", StringComparison.Ordinal), _ct);
        (await first.Machine.RunAsync("pkill", ["-x", "-f", ".*meshover agent"], _ct)).Checked();
        await Until.NothingIsMissingAsync("status says that there is no such image", TimeSpan.FromSeconds(30), async () =>
        {
            var routing = (await first.StatusAsync(_ct)).Components.Single(component => component.Name == "routing");
            return routing.Kind == "frr 10.3" && routing.Errors.Any(error => error.Contains("Podman has no image no-such-image", StringComparison.Ordinal)) ? null : $"{routing}";
        }, _ct);

        // Nowhere: links and addresses, and no FRR.
        (await second.UpAsync(input: null, ["--no-wait", "--frr-backend", "none"], _ct)).Checked();
        await Until.TrueAsync("the link is there, and no FRR", TimeSpan.FromSeconds(30), () =>
            File.Exists($"/run/netns/{second.Machine.NetworkName}") && !MachineProcesses.Of(second.Machine).Any(process => process.Name is "zebra" or "bgpd"));
        Assert.Contains("mo-", (await second.Machine.RunAsync("ip", ["-br", "link"], _ct)).Checked(), StringComparison.Ordinal);

        (await first.MeshoverAsync(["down"], _ct)).Checked();
        Assert.Equal("", await PodmanAsync("ps", "--all", "--quiet"));
        Assert.DoesNotContain(MachineProcesses.Of(first.Machine), process => process.Name is "zebra" or "bgpd" or "sleep");
    }

    private Task<TimeSpan> IsAsync(LabNode node, string state, string kind) => Until.NothingIsMissingAsync($"n{node.Number} runs {kind}", TimeSpan.FromSeconds(60), async () =>
    {
        var routing = (await node.StatusAsync(_ct)).Components.Single(component => component.Name == "routing");
        return routing.State == state && routing.Kind?.StartsWith(kind, StringComparison.Ordinal) == true ? null : $"{routing}";
    }, _ct);

    /// <summary>With control groups, which a machine of the lab does not see.</summary>
    private async Task StartPodmanAsync()
    {
        var machine = _mesh.Node(1).Machine;
        foreach (var arguments in ControlGroups())
            (await machine.RunAsync("sh", ["-c", $"mkdir -p {arguments[^1]} && mount \"$@\"", "sh", .. arguments], _ct)).Checked();
        (await machine.RunAsync("mkdir", ["-p", "/run/podman"], _ct)).Checked();
        await PodmanAsync("import", await ContainerImages.FrrAsync(), Image);
        _podman = Process.Start(machine.Command("podman", [.. Common, "system", "service", "--time", "0", "unix:///run/podman/podman.sock"]))!;
        await Until.TrueAsync("Podman listens", TimeSpan.FromSeconds(20), () => File.Exists(machine.Disk("/run/podman/podman.sock")));
    }

    /// <summary>Mounted as on this machine, of either version, or of both (cgroups(7)).</summary>
    private static IEnumerable<string[]> ControlGroups() =>
        from line in File.ReadLines("/proc/self/mounts")
        let mount = line.Split(' ')
        where mount[1].StartsWith("/sys/fs/cgroup", StringComparison.Ordinal)
        let options = string.Join(',', mount[3].Split(',').Where(option => option is not ("rw" or "ro" or "relatime" or "nosuid" or "nodev" or "noexec")).Prepend(mount[3].Contains("name=", StringComparison.Ordinal) ? "none" : "rw"))
        select (string[])["-t", mount[2], "-o", options, "none", mount[1]];

    private string[] Common => ["--root", $"{_store}/root", "--runroot", $"{_store}/runroot", "--tmpdir", $"{_store}/tmp", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file"];

    private async Task<string> PodmanAsync(params string[] command) =>
        (await _mesh.Node(1).Machine.RunAsync("podman", [.. Common, .. command], CancellationToken.None)).Checked().Trim();
}
