using System.Globalization;
using Meshover.Lab;
using Meshover.Linux.Processes;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.LabTests.Routing;

/// <summary>A real engine of containers in a machine's network namespace, with a store of its own.</summary>
internal abstract class ContainerEngine : IAsyncDisposable
{
    public const string Image = "frr-of-the-lab:1";
    public const string ImageWithoutFrr = "sleep-alone:1";
    public const string OtherImage = "frr-of-the-lab:2";

    private readonly string _namespace;

    protected ContainerEngine(string networkNamespace) => _namespace = networkNamespace;

    public abstract FrrBackendKind Kind { get; }

    public abstract string Socket { get; }

    protected string Store { get; } = Directory.CreateTempSubdirectory("t-engine-").FullName;

    /// <summary>What is asked for questions, killed and started again.</summary>
    public ProcessIdentity Engine { get; private set; } = null!;

    public FrrBackendConfig Backend => new(Kind, Image, Socket);

    protected abstract string Program { get; }

    /// <summary>Of the program, before a command.</summary>
    protected abstract string[] Common { get; }

    public async Task StartAsync()
    {
        Engine = await StartEngineAsync();
        await Until.TrueAsync($"{Kind} answers", TimeSpan.FromSeconds(60), async () => (await CallAsync(Question)).ExitCode == 0);
    }

    /// <summary>SIGKILL, as for want of memory.</summary>
    public async Task KillAsync()
    {
        Engine.Kill();
        await Engine.WaitForExitAsync();
    }

    public Task ImportAsync() => ImportAsync(ContainerImages.FrrAsync, Image);

    public virtual async Task ImportAsync(Func<Task<string>> archive, string name) => await CheckedAsync("import", await archive(), name);

    /// <summary>Makes an image like the other in which one daemon ends at once.</summary>
    public async Task SpoilAsync(string daemon, string name)
    {
        var program = Path.Combine(Store, daemon);
        await File.WriteAllTextAsync(program, "#!/bin/sh\nexit 1\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var container = await CheckedAsync("create", "--network", "host", Image, "sleep");
        await CheckedAsync("cp", program, $"{container}:/usr/lib/frr/{daemon}");
        await CheckedAsync("commit", container, name);
        await CheckedAsync("rm", container);
    }

    /// <summary>The containers that run, by their ids.</summary>
    public virtual async Task<string[]> ContainersAsync() => (await CheckedAsync("ps", "-aq", "--no-trunc")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public virtual async Task<ProcessIdentity> FirstProcessAsync(string container) =>
        ProcessIdentity.TryFind(int.Parse(await CheckedAsync("inspect", "--format", "{{.State.Pid}}", container), CultureInfo.InvariantCulture))!;

    public Task<ProgramEnding> CallAsync(params string[] command) => CallInAsync(_namespace, command);

    /// <summary>From another machine's network, which then is the engine's own: of those that need no daemon.</summary>
    public Task<ProgramEnding> CallInAsync(string networkNamespace, params string[] command) =>
        new ProgramRun(Program, [.. Common, .. command]) { Patience = TimeSpan.FromMinutes(3), NamespacePath = networkNamespace }.RunAsync(CancellationToken.None);

    public async Task<string> CheckedAsync(params string[] command)
    {
        var ending = await CallAsync(command);
        Assert.True(ending.ExitCode == 0, $"{Program} {string.Join(' ', command)}: {ending.Errors}{ending.Output}");
        return ending.Output.Trim();
    }

    public async ValueTask DisposeAsync()
    {
        if (!Engine.IsAlive) await StartAsync();
        await RemoveAllAsync();
        await Engine.StopAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        await EndRestAsync(Store);
    }

    // Containers' keepers wait for minutes for somebody who asks how a program ended; and engines leave mounts.
    internal static async Task EndRestAsync(string store)
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0])).Select(name => ProcessIdentity.TryFind(int.Parse(name!, CultureInfo.InvariantCulture))))
        {
            if (process is null || !ProcFacts.CommandLine(process.Pid).Any(argument => argument.Contains(store, StringComparison.Ordinal))) continue;
            process.Kill();
            await process.WaitForExitAsync();
        }
        foreach (var mount in (await File.ReadAllLinesAsync("/proc/self/mountinfo")).Select(line => line.Split(' ')[4]).Where(path => path.StartsWith(store, StringComparison.Ordinal)).Reverse())
            await new ProgramRun("umount", mount).RunAsync(CancellationToken.None);
        Directory.Delete(store, recursive: true);
    }

    /// <summary>To which an engine answers once it runs.</summary>
    protected virtual string[] Question => ["ps"];

    protected virtual async Task RemoveAllAsync()
    {
        foreach (var container in await ContainersAsync()) await CheckedAsync("rm", "-f", container);
    }

    protected abstract Task<ProcessIdentity> StartEngineAsync();

    protected ProcessIdentity Start(string program, params string[] arguments) => DetachedProcess.Start(program, arguments, $"{Store}/{Path.GetFileName(program)}.log", _namespace);

}

/// <summary>dockerd beside a containerd, as Debian's units start them; containers outlive it.</summary>
internal sealed class DockerOfTheLab(string networkNamespace) : ContainerEngine(networkNamespace)
{
    public override FrrBackendKind Kind => FrrBackendKind.Docker;

    public override string Socket => $"{Store}/docker.sock";

    protected override string Program => "docker";

    protected override string[] Common => ["--host", $"unix://{Socket}"];

    private ProcessIdentity? _containerd;

    protected override async Task<ProcessIdentity> StartEngineAsync()
    {
        if (_containerd is null) await File.WriteAllTextAsync($"{Store}/daemon.json", "{}");
        _containerd ??= Start("containerd", "--root", $"{Store}/containerd", "--state", $"{Store}/state", "--address", $"{Store}/containerd.sock");
        File.Delete($"{Store}/docker.pid");
        return Start("dockerd", "--config-file", $"{Store}/daemon.json", "--data-root", $"{Store}/docker", "--exec-root", $"{Store}/exec", "--pidfile", $"{Store}/docker.pid",
            "--containerd", $"{Store}/containerd.sock", "--host", $"unix://{Socket}", "--storage-driver", "vfs", "--iptables=false", "--ip6tables=false", "--bridge=none", "--live-restore");
    }
}

/// <summary>Podman's service, which systemd starts where somebody asks.</summary>
internal sealed class PodmanOfTheLab(string networkNamespace) : ContainerEngine(networkNamespace)
{
    public override FrrBackendKind Kind => FrrBackendKind.Podman;

    public override string Socket => $"{Store}/podman.sock";

    protected override string Program => "podman";

    protected override string[] Common => ["--root", $"{Store}/root", "--runroot", $"{Store}/runroot", "--tmpdir", $"{Store}/tmp", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file"];

    protected override Task<ProcessIdentity> StartEngineAsync()
    {
        File.Delete(Socket);
        return Task.FromResult(Start(Program, [.. Common, "system", "service", "--time", "0", $"unix://{Socket}"]));
    }
}

/// <summary>containerd alone.</summary>
internal sealed class ContainerdOfTheLab(string networkNamespace) : ContainerEngine(networkNamespace)
{
    public override FrrBackendKind Kind => FrrBackendKind.Nerdctl;

    public override string Socket => $"{Store}/containerd.sock";

    /// <summary>A directory with a nerdctl in it.</summary>
    public string Commands => $"{Store}/commands";

    protected override string Program => "ctr";

    protected override string[] Common => ["--address", Socket, "--namespace", "meshover"];

    protected override string[] Question => ["version"];

    public override async Task ImportAsync(Func<Task<string>> archive, string name)
    {
        var image = await ContainerImages.InDockersFormAsync(await archive(), $"docker.io/library/{name}");
        await CheckedAsync("images", "import", "--snapshotter", "native", image);
        File.Delete(image);
    }

    public override async Task<string[]> ContainersAsync() => (await CheckedAsync("containers", "list", "--quiet")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public override async Task<ProcessIdentity> FirstProcessAsync(string container)
    {
        var tasks = (await CheckedAsync("tasks", "list")).Split('\n').Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return ProcessIdentity.TryFind(int.Parse(tasks.Single(fields => fields[0] == container)[1], CultureInfo.InvariantCulture))!;
    }

    protected override async Task<ProcessIdentity> StartEngineAsync()
    {
        Directory.CreateDirectory(Commands);
        var nerdctl = $"{Commands}/nerdctl";
        await File.WriteAllBytesAsync(nerdctl, await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Routing", "nerdctl-by-ctr")));
        File.SetUnixFileMode(nerdctl, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Start("containerd", "--root", $"{Store}/containerd", "--state", $"{Store}/state", "--address", Socket);
    }

    protected override async Task RemoveAllAsync()
    {
        foreach (var container in await ContainersAsync())
            await new ProgramRun($"{Commands}/nerdctl", ["--address", Socket, "--namespace", "meshover", "rm", "--force", "--volumes", container]).RunAsync(CancellationToken.None);
    }
}
