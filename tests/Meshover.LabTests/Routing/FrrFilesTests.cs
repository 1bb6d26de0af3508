using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;
using Meshover.Routing.Supervision;
using Meshover.Routing.Vtysh;
using Meshover.UnitTests.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.LabTests.Routing;

/// <summary>FRR's daemons read what strangers send: what root writes, and whom it takes for FRR, is not theirs to decide, nor another user's.</summary>
public sealed class FrrFilesTests : IDisposable
{
    private readonly FrrNode _node = new(9, Models.Node(9, 2));

    public void Dispose() => _node.Dispose();

    [Fact]
    public async Task Files_WhereRootWrites_ArePlacesWhereFrrMayNot()
    {
        await _node.StartSupervisorAsync();
        await _node.ApplyAsync();
        foreach (var directory in (string[])[_node.Options.FrrDirectory, _node.Options.FrrConfigurations, _node.Options.FrrLogs])
        {
            Assert.NotEqual(0, (await AsAsync("frr", "touch", $"{directory}/planted")).ExitCode);
            Assert.False(File.Exists($"{directory}/planted"));
        }
        Assert.Equal(0, (await AsAsync("frr", "cat", $"{_node.Options.FrrConfigurations}/bgpd.conf")).ExitCode);
        Assert.NotEqual(0, (await AsAsync("nobody", "cat", $"{_node.Options.FrrConfigurations}/bgpd.conf")).ExitCode);
        var frrs = await RunAsync("find", _node.Options.FrrDirectory, "-path", _node.Options.FrrSockets, "-prune", "-o", "-type", "d", "-user", "frr", "-print");
        Assert.Equal("", frrs.Output);
    }

    [Fact]
    public async Task Log_ThatHasGrown_BeginsAnewAndTheDaemonGoesOnWritingIt()
    {
        await _node.StartSupervisorAsync();
        await _node.ApplyAsync();
        var files = new FrrFiles(_node.Options);
        var log = files.Log(FrrDaemon.Bgpd);
        await File.AppendAllTextAsync(log, new string('x', 5 << 20));
        FrrDaemonStatus[] running = [new("bgpd", (await _node.DaemonAsync("bgpd")).Pid)];
        var keeper = new LogKeeper(files, () => running, TimeProvider.System, NullLogger.Instance);
        await NetworkNamespace.RunIn(_node.Namespace, () => keeper.RotateAsync(CancellationToken.None));
        Assert.True(File.Exists($"{log}.1"));
        await Until.TrueAsync("bgpd writes its new log, and has let go of the old one", TimeSpan.FromSeconds(10), () =>
            OpenFiles(running[0].Pid) is var open && open.Contains(log) && !open.Contains($"{log}.1"));
    }

    [Fact]
    public async Task Directory_OfFrrsOwn_IsNotTakenOver()
    {
        var target = $"{_node.RunDirectory}/precious";
        Directory.CreateDirectory(_node.RunDirectory);
        await File.WriteAllTextAsync(target, "precious");
        await RunAsync("install", "-d", "-o", "frr", "-g", "frr", _node.Options.FrrDirectory);
        File.CreateSymbolicLink($"{_node.Options.FrrDirectory}/changing", target);
        File.CreateSymbolicLink($"{_node.Options.FrrDirectory}/conf", _node.RunDirectory);
        await _node.StartSupervisorAsync();
        await _node.ApplyAsync();
        Assert.Equal("precious", await File.ReadAllTextAsync(target));
        Assert.False(File.Exists($"{_node.RunDirectory}/bgpd.conf"));
        Assert.Null(new DirectoryInfo(_node.Options.FrrConfigurations).LinkTarget);
    }

    [Fact]
    public async Task Impostors_OfAnotherUser_AreNeitherAdoptedNorInTheWay()
    {
        Directory.CreateDirectory(_node.RunDirectory);
        var program = $"{_node.RunDirectory}/zebra";
        File.Copy("/usr/bin/tail", program);
        string[] arguments = ["--reuid", "nobody", "--clear-groups", program, "-f", "/dev/null", $"{_node.Options.FrrSockets}/zserv.api"];
        var impostor = DetachedProcess.Start("setpriv", arguments, null, _node.Namespace);
        await Until.TrueAsync("it has become a zebra by name", TimeSpan.FromSeconds(10), () => impostor.Executable == program);
        Assert.Empty(_node.FrrProcessScanIn().Ours);
        Assert.Empty(_node.FrrProcessScanIn().ForeignZebras);

        await _node.StartSupervisorAsync();
        await _node.ApplyAsync();
        Assert.NotEqual(impostor, _node.FrrProcessScanIn().Ours["zebra"]);
        Assert.True(impostor.Kill());
        Assert.Equal(RoutingState.Running, await _node.StateAsync());
    }

    [Fact]
    public async Task Daemons_StartedWithOtherArgumentsThanNow_AreStartedAnewAtAdoption()
    {
        await _node.StartSupervisorAsync();
        await _node.ApplyAsync();
        var before = await _node.DaemonAsync("bgpd");
        _node.Supervisor!.Kill();
        await _node.Supervisor.WaitForExitAsync();
        var applied = $"{_node.Options.FrrDirectory}/applied.json";
        await File.WriteAllTextAsync(applied, (await File.ReadAllTextAsync(applied)).Replace("12914", "12915", StringComparison.Ordinal));
        await _node.StartSupervisorAsync();
        await Until.TrueAsync("FRR runs", TimeSpan.FromSeconds(20), async () => await _node.StateAsync() == RoutingState.Running);
        var after = await _node.DaemonAsync("bgpd");
        Assert.NotEqual(before, after);
        Assert.Contains("12915", ProcFacts.CommandLine(after.Pid));
        Assert.False(before.IsAlive);
    }

    [Fact]
    public async Task Daemon_OfAFormerReleaseInADirectoryOfFrrs_IsReplaced()
    {
        Directory.CreateDirectory(_node.RunDirectory);
        var directory = _node.Options.FrrDirectory;
        await RunAsync("install", "-d", "-o", "frr", "-g", "frr", directory);
        string[] arguments = ["-u", "frr", "-g", "frr", "--vty_socket", directory, "-z", $"{directory}/zserv.api", "-i", $"{directory}/zebra.pid", "-A", "127.0.0.1", "-P", "0"];
        var former = DetachedProcess.Start("/usr/lib/frr/zebra", arguments, null, _node.Namespace);
        await Until.TrueAsync("it runs", TimeSpan.FromSeconds(10), () => File.Exists($"{directory}/zserv.api"));

        await _node.StartSupervisorAsync();
        await _node.ApplyAsync();
        Assert.False(former.IsAlive);
        Assert.False(File.Exists($"{directory}/zserv.api"));
        Assert.Equal(RoutingState.Running, await _node.StateAsync());
    }

    private static List<string?> OpenFiles(int pid) => [.. new DirectoryInfo($"/proc/{pid}/fd").GetFiles().Select(file => file.LinkTarget)];

    private static Task<ToolResult> AsAsync(string user, params string[] command) =>
        RunAsync("setpriv", ["--reuid", user, "--regid", user == "frr" ? "frr" : "nogroup", "--clear-groups", .. command]);

    private static Task<ToolResult> RunAsync(string program, params string[] arguments) =>
        ToolRunner.RunAsync(program, arguments, TimeSpan.FromSeconds(10), TimeProvider.System, CancellationToken.None);
}
