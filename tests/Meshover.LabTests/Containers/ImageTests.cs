using System.Collections.Immutable;
using System.Text.Json;
using Meshover.Lab;
using Meshover.LabTests.Cli;
using Meshover.LabTests.Routing;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Containers;

/// <summary>The image in real engines, as docs/guides/containers.md runs it; what a container was not given is said.</summary>
public sealed class ImageTests(ImageBed bed) : IClassFixture<ImageBed>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly string[] Forwarding = ["--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "net.ipv6.conf.all.forwarding=1"];

    [Fact]
    public async Task Controller_HasNoneOfRootsRights_AndTellsItsHealth()
    {
        Assert.Equal("12913", await bed.Podman.CheckedAsync("exec", "ctl", "id", "-u"));
        Assert.Equal("CapEff:\t0000000000000000", await bed.Podman.CheckedAsync("exec", "ctl", "grep", "CapEff", "/proc/1/status"));
        await bed.Podman.CheckedAsync("exec", "ctl", "/usr/lib/meshover/healthy");
        Assert.Contains("/usr/lib/meshover/healthy", await bed.Podman.CheckedAsync("inspect", "ctl"), StringComparison.Ordinal);
        Assert.Equal(0, (await bed.Podman.CallAsync("healthcheck", "run", "ctl")).ExitCode);
    }

    /// <summary>One by dockerd with the network of its machine, joined by the variable; one by podman with a network of its own, joined by a file.</summary>
    [Fact]
    public async Task Nodes_OfTheMachinesNetworkAndOfTheirOwn_ReachEachOther_AreHealthy_AndComeBackAsTheSame()
    {
        await bed.Docker.CheckedAsync(
            ["run", "-d", "--name", "n1", "--hostname", "n1", .. ImageBed.Node, "--network", "host", "--health-interval", "1s", "-v", "n1:/var/lib/meshover", "-e", $"MESHOVER_JOIN={bed.Join}", ImageFile.Name]);
        await File.WriteAllTextAsync($"{bed.Directory}/join", bed.Join);
        await StartWithOwnNetworkAsync("n2", "192.0.2.2", [.. Forwarding, "-v", $"{bed.Directory}/join:/run/secrets/join:ro", "-e", "MESHOVER_JOIN=@/run/secrets/join"]);

        await WellAsync(bed.Docker, "n1");
        await WellAsync(bed.Podman, "n2");
        await Until.TrueAsync("dockerd calls it healthy", Patience, async () => await bed.Docker.CheckedAsync("inspect", "--format", "{{.State.Health.Status}}", "n1") == "healthy");
        Assert.Equal(0, (await bed.Podman.CallAsync("healthcheck", "run", "n2")).ExitCode);
        await ReachesAsync(bed.Docker, "n1", "n2");
        await ReachesAsync(bed.Podman, "n2", "n1");

        var before = await NodeAsync(bed.Docker, "n1");
        await bed.Docker.CheckedAsync("restart", "--time", "60", "n1");
        await WellAsync(bed.Docker, "n1");
        Assert.Equal(before, await NodeAsync(bed.Docker, "n1"));

        await bed.Docker.CheckedAsync("stop", "--time", "60", "n1");
        await bed.Docker.CheckedAsync("rm", "n1");
        Assert.Contains("meshover0", await bed.InAsync("n1", "ip -o link"), StringComparison.Ordinal);
        await bed.Docker.CheckedAsync(["run", "--rm", .. ImageBed.Node, "--network", "host", "-v", "n1:/var/lib/meshover", ImageFile.Name, "meshover", "down"]);
        Assert.DoesNotContain("meshover0", await bed.InAsync("n1", "ip -o link"), StringComparison.Ordinal);
        Assert.DoesNotContain("32764", await bed.InAsync("n1", "ip rule"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tun", "The data plane needs /dev/net/tun, which cannot be opened")]
    [InlineData("rights", "This process lacks CAP_NET_ADMIN, CAP_SYS_ADMIN, which the node and FRR's daemons need: give them to the container (--cap-add NET_ADMIN --cap-add SYS_ADMIN; in Kubernetes")]
    [InlineData("join", "This machine belongs to no mesh yet: set MESHOVER_JOIN to a join string")]
    [InlineData("file", "The join string cannot be read from \"/run/secrets/nothing\"")]
    [InlineData("state", "Read-only file system : '/var/lib/meshover/identity.json.lock'. A container whose root is read-only needs a volume or a tmpfs there")]
    [InlineData("run", "Read-only file system : '/run/meshover'. A container whose root is read-only needs a volume or a tmpfs there")]
    public async Task Node_ThatLacksSomething_EndsWithAWord(string lacks, string word)
    {
        string[] given = lacks switch
        {
            "tun" => [.. Without("--device", "/dev/net/tun"), "-e", $"MESHOVER_JOIN={bed.Join}"],
            "rights" => [.. WithoutRight("NET_ADMIN", WithoutRight("SYS_ADMIN", ImageBed.Node)), "-e", $"MESHOVER_JOIN={bed.Join}"],
            "join" => [.. ImageBed.Node],
            "state" => [.. ImageBed.Node, "-e", $"MESHOVER_JOIN={bed.Join}"],
            "file" => [.. ImageBed.Node, "-e", "MESHOVER_JOIN=@/run/secrets/nothing"],
            _ => [.. Without("--tmpfs", "/run"), "-e", $"MESHOVER_JOIN={bed.Join}"],
        };
        var ending = await bed.Docker.CallAsync(["run", "--rm", "--network", "none", .. given, ImageFile.Name]);
        Assert.InRange(ending.ExitCode, 1, 2);
        Assert.Contains(word, ending.Errors, StringComparison.Ordinal);
    }

    /// <summary>It runs, and says what keeps it from forwarding.</summary>
    [Fact]
    public async Task Node_WhoseSysctlsAreReadOnly_RunsAndSaysWhatToGiveIt()
    {
        await StartWithOwnNetworkAsync("n3", "192.0.2.3", ["-e", $"MESHOVER_JOIN={bed.Join}"]);

        await Until.TrueAsync("it says so", Patience, async () => (await StatusAsync(bed.Podman, "n3", "--problems")).Contains("--sysctl net.ipv4.ip_forward=1", StringComparison.Ordinal));
        Assert.Contains("sysctl-read-only", await StatusAsync(bed.Podman, "n3", "--json"), StringComparison.Ordinal);
        await bed.Podman.CheckedAsync("exec", "n3", "/usr/lib/meshover/healthy");
        await bed.Podman.CheckedAsync("rm", "-f", "-t", "60", "n3");
    }

    /// <summary>The machine's own node and a container that has its directories: whoever is second is refused, and either is the same node.</summary>
    [Fact]
    public async Task MachineAndContainer_AreNeverANodeAtOnce_WhoeverIsFirst()
    {
        const string refusal = "runs already, where this process does not see it";
        await bed.MachineAsync("n4");
        var machine = new HostNode(bed, "n4");
        string[] container = ["run", .. ImageBed.OfPodman, "--name", "n4", "--hostname", "n4", .. ImageBed.Node, "--network", "host", "-v", $"{machine.Run}:/run/meshover", "-v", $"{machine.State}:/var/lib/meshover"];

        (await machine.MeshoverAsync("up", "--hostname", "n4", "--no-wait", "--join", bed.Join)).Checked();
        var second = await bed.Podman.CallInAsync(bed.PathOf("n4"), [.. container, "--rm", ImageFile.Name]);
        Assert.Equal(1, second.ExitCode);
        Assert.Contains(refusal, second.Errors, StringComparison.Ordinal);
        (await machine.MeshoverAsync("down")).Checked();

        Directory.CreateDirectory(machine.Run); // which `down` has taken away
        var started = await bed.Podman.CallInAsync(bed.PathOf("n4"), [.. container, "-d", ImageFile.Name]);
        Assert.True(started.ExitCode == 0, started.Errors);
        await WellAsync(bed.Podman, "n4");
        foreach (var command in (string[])["up", "down", "leave"])
        {
            var refused = await machine.MeshoverAsync(command);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains(refusal, refused.Error, StringComparison.Ordinal);
        }
        Assert.Contains(refusal, (await machine.MeshoverAsync("agent")).Error, StringComparison.Ordinal);
        await WellAsync(bed.Podman, "n4");
        var node = await NodeAsync(bed.Podman, "n4");
        await bed.Podman.CheckedAsync("rm", "-f", "-t", "60", "n4");

        (await machine.MeshoverAsync("up", "--no-wait")).Checked();
        Assert.Equal(node, Numbers((await machine.MeshoverAsync("status", "--json")).Output));
        (await machine.MeshoverAsync("leave")).Checked();
    }

    /// <summary>deploy/kubernetes, by podman in the kubelet's place.</summary>
    [Fact]
    public async Task PodsOfKubernetes_AsTheyStandInTheManifests_AreAMesh()
    {
        await bed.MachineAsync("n5");
        await bed.MachineAsync("n6");
        var controller = new ManifestPod("base/controller.yaml", "StatefulSet", $"{bed.Directory}/n5", ("ADDRESS", "192.0.2.5"));
        foreach (var time in (string[])["first", "later"])
            Assert.True(await RunInAsync("n5", ["--rm", .. controller.Container("initContainers", "init")]) == "", $"nothing is told to a log the {time} time");
        await RunInAsync("n5", ["-d", "--name", "n5", .. controller.Container("containers", "controller")]);
        await Until.TrueAsync("the controller is healthy", Patience, async () => (await bed.Podman.CallAsync("exec", "n5", "/usr/lib/meshover/healthy")).ExitCode == 0);

        var node = new ManifestPod("base/node.yaml", "DaemonSet", $"{bed.Directory}/n6");
        Directory.CreateDirectory(node.Volume("join"));
        await File.WriteAllTextAsync($"{node.Volume("join")}/join", await bed.Podman.CheckedAsync("exec", "n5", "meshover", "token", "create"));
        await RunInAsync("n6", ["-d", "--name", "n6", "--hostname", "n6", .. node.Container("containers", "node")]);
        await WellAsync(bed.Podman, "n6");
        await bed.Podman.CheckedAsync("exec", "n6", "/usr/lib/meshover/healthy");
        Assert.True(File.Exists($"{node.Volume("run-meshover")}/agent.sock"));
        await bed.Podman.CheckedAsync("rm", "-f", "-t", "60", "n5", "n6");
    }

    private async Task<string> RunInAsync(string machine, string[] arguments)
    {
        var ending = await bed.Podman.CallInAsync(bed.PathOf(machine), ["run", .. ImageBed.OfPodman, .. arguments]);
        Assert.True(ending.ExitCode == 0, ending.Errors);
        return ending.Output;
    }

    private async Task StartWithOwnNetworkAsync(string name, string address, string[] given)
    {
        await bed.Podman.CheckedAsync(["create", .. ImageBed.OfPodman, "--name", name, "--hostname", name, .. ImageBed.Node, "--network", "none", "-v", $"{name}:/var/lib/meshover", .. given, ImageFile.Name]);
        await bed.Podman.CheckedAsync("init", name);
        await bed.PlugAsync(bed.Podman, name, address);
        await bed.Podman.CheckedAsync("start", name);
    }

    private static Task<TimeSpan> WellAsync(ContainerEngine engine, string name) => Until.NothingIsMissingAsync($"{name} is well", Patience, async () =>
    {
        var status = await engine.CallAsync("exec", name, "meshover", "status", "--problems");
        return status.ExitCode == 0 ? null : $"{status.Output}{status.Errors}{(await engine.CallAsync("logs", name)).Errors}";
    }, CancellationToken.None);

    private static Task<TimeSpan> ReachesAsync(ContainerEngine engine, string from, string to) => Until.NothingIsMissingAsync($"{from} reaches {to}", Patience, async () =>
    {
        var ping = await engine.CallAsync("exec", from, "meshover", "ping", to, "--count", "1");
        return ping.ExitCode == 0 ? null : $"{ping.Output}{ping.Errors}{await StatusAsync(engine, from, "--problems")}";
    }, CancellationToken.None);

    private static async Task<string> StatusAsync(ContainerEngine engine, string name, string option) => (await engine.CallAsync("exec", name, "meshover", "status", option)).Output;

    private static async Task<string> NodeAsync(ContainerEngine engine, string name) => Numbers(await StatusAsync(engine, name, "--json"));

    private static string Numbers(string status)
    {
        using var json = JsonDocument.Parse(status);
        var node = json.RootElement.GetProperty("node");
        return string.Join(' ', ((string[])["hostname", "id", "address4", "address6", "asn"]).Select(name => node.GetProperty(name).GetRawText()));
    }

    private static ImmutableArray<string> Without(string option, string value)
    {
        var at = ImageBed.Node.Select((_, index) => index).First(index => ImageBed.Node[index] == option && ImageBed.Node[index + 1] == value);
        return ImageBed.Node.RemoveRange(at, 2);
    }

    private static List<string> WithoutRight(string right, IEnumerable<string> given)
    {
        var options = given.ToList();
        options.RemoveRange(options.IndexOf(right) - 1, 2);
        return options;
    }

    /// <summary>`meshover` of the machine itself, whose directories a container can be given.</summary>
    private sealed class HostNode(ImageBed bed, string machine)
    {
        public string Run { get; } = Directory.CreateDirectory($"{bed.Directory}/{machine}/run").FullName;

        public string State { get; } = Directory.CreateDirectory($"{bed.Directory}/{machine}/state").FullName;

        public Task<Ending> MeshoverAsync(params string[] arguments) => Programs.RunAsync(
            "nsenter", [$"--net={bed.PathOf(machine)}", LabPrograms.Meshover, .. arguments, "--run-dir", Run, "--state-dir", State, "--config", $"{bed.Directory}/{machine}/agent.yaml", "--uapi-dir", $"{bed.Directory}/{machine}/uapi"]);
    }
}
