using System.Collections.Immutable;
using Meshover.Lab;
using Meshover.LabTests.Cli;
using Meshover.LabTests.Routing;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Containers;

/// <summary>
/// Machines on one network, with the image in a real dockerd (of the machine n1) and a real podman (of all the others): a controller without root's rights on ctl, and whatever
/// a test starts. Every container has a root that is read-only, and of root's rights what the guide says.
/// </summary>
public sealed class ImageBed : IAsyncLifetime
{
    public const string ControllerAddress = "192.0.2.254";

    private const string ControllerConfig = "/var/lib/meshover-controller/controller.yaml";
    private static int _count;

    /// <summary>As docs/guides/containers.md has them: for a node and for a controller, behind `run`.</summary>
    private static readonly string[] Root = ["--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp"];
    private static readonly string[] Rights =
        ["--cap-drop", "ALL", .. ((string[])["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN", "SYS_PTRACE"]).SelectMany(right => (string[])["--cap-add", right])];

    private readonly string _name = $"t-img-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
    private readonly List<string> _machines = [];

    internal string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("meshover-image-").FullName;

    internal ContainerEngine Docker { get; private set; } = null!;

    internal ContainerEngine Podman { get; private set; } = null!;

    /// <summary>Admits any number of nodes.</summary>
    public string Join { get; private set; } = "";

    /// <summary>Behind `docker run` and `podman run`: a node, but for its name, its network and how it joins.</summary>
    internal static ImmutableArray<string> Node { get; } = [.. Root, .. Rights, "--device", "/dev/net/tun"];

    /// <summary>Behind `podman run`: it would raise these limits, which not every machine's root may.</summary>
    internal static ImmutableArray<string> OfPodman { get; } = ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"];

    private static ImmutableArray<string> Controller { get; } =
        [.. OfPodman, "--user", "meshover-controller", "--cap-drop", "ALL", .. Root, "--network", "host", "-v", "ctl:/var/lib/meshover-controller", "--name", "ctl"];

    public async ValueTask InitializeAsync()
    {
        foreach (var name in (string[])["s", "ctl", "n1"]) await MachineAsync(name);
        Docker = new DockerOfTheLab(PathOf("n1"));
        Podman = new PodmanOfTheLab(PathOf("ctl"));
        foreach (var engine in (ContainerEngine[])[Docker, Podman])
        {
            await engine.StartAsync();
            await engine.CheckedAsync("load", "-i", ImageFile.Path);
        }
        Join = await Podman.CheckedAsync(["run", "--rm", .. Controller, ImageFile.Name, "meshover-controller", "init", "--address", ControllerAddress, "--config", ControllerConfig]);
        await Podman.CheckedAsync(["run", "-d", .. Controller, ImageFile.Name, "meshover-controller", "serve", "--config", ControllerConfig]);
        await Until.TrueAsync("the controller answers", TimeSpan.FromSeconds(60), async () => (await Podman.CallAsync("exec", "ctl", "meshover", "token", "list")).ExitCode == 0);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in (ContainerEngine?[])[Docker, Podman])
            if (engine is not null) await engine.DisposeAsync();
        foreach (var machine in _machines) NetworkNamespace.Delete(machine);
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    internal string PathOf(string machine) => NetworkNamespace.PathOf($"{_name}-{machine}");

    /// <summary>One more machine, on the network of the others ("s" is what they are plugged into).</summary>
    /// <param name="name">ctl, or n and a number, the last of its address.</param>
    internal async Task MachineAsync(string name)
    {
        NetworkNamespace.Create($"{_name}-{name}");
        _machines.Add($"{_name}-{name}");
        // Which an engine with the machine's network cannot set.
        await InAsync(name, "ip link set lo up && sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        if (name == "s") await InAsync(name, "ip link add br0 type bridge forward_delay 0 && ip link set br0 up");
        else await PlugAsync(name, $"{_name}-{name}", PathOf(name), name == "ctl" ? ControllerAddress : $"192.0.2.{name[1..]}");
    }

    /// <summary>Gives a container that has nothing but a network namespace an interface and an address, as a plugin of its engine would.</summary>
    internal async Task PlugAsync(ContainerEngine engine, string container, string address)
    {
        var first = await engine.FirstProcessAsync(container);
        await PlugAsync(container, $"{first.Pid}", $"/proc/{first.Pid}/ns/net", address);
    }

    private async Task PlugAsync(string name, string networkNamespace, string path, string address)
    {
        await InAsync("s", $"ip link add p-{name} type veth peer name q-{name} && ip link set p-{name} master br0 up && ip link set q-{name} netns {networkNamespace} name eth0");
        await RunAsync("nsenter", $"--net={path}", "sh", "-c", $"ip addr add {address}/24 dev eth0 && ip link set lo up && ip link set eth0 up");
    }

    /// <summary>A shell's line, on a machine.</summary>
    internal Task<string> InAsync(string machine, string line) => RunAsync("ip", "netns", "exec", $"{_name}-{machine}", "sh", "-c", line);

    private static async Task<string> RunAsync(string program, params string[] arguments) => (await Programs.RunAsync(program, arguments)).Checked();
}
