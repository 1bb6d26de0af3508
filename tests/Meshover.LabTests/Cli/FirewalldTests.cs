using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Cli;

/// <summary>A machine with Debian's firewalld, which has a system bus of its own here.</summary>
public sealed class FirewalldTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CliBed _bed = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("firewalld-").FullName;
    private readonly List<ProcessIdentity> _processes = [];

    private string Bus => $"unix:path={_directory}/bus";

    public async ValueTask InitializeAsync()
    {
        await _bed.InitializeAsync();
        var configuration = Path.Combine(_directory, "bus.conf");
        await File.WriteAllTextAsync(configuration, $"""
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>system</type><listen>{Bus}</listen><auth>EXTERNAL</auth>
              <policy context="default">
                <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
                <allow send_type="method_return"/><allow send_type="error"/><allow receive_type="method_call"/>
                <allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
              </policy>
            </busconfig>
            """);
        Start("dbus-daemon", $"--config-file={configuration}", "--nofork", "--nopidfile");
        await Until.TrueAsync("the bus is there", Patience, () => Task.FromResult(File.Exists($"{_directory}/bus")));
        Start("firewalld", "--nofork", "--nopid", "--system-config", _directory);
        await Until.TrueAsync("firewalld runs", Patience, async () => (await FirewallAsync("--state")).ExitCode == 0);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        await _bed.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Firewalld_DropsTheMesh_AndTheAdviceMendsIt()
    {
        (await _bed.MeshoverAsync("up", "--join", _bed.Join, "--hostname", "n1", "--no-wait")).Checked();
        var before = await _bed.MeshoverAsync("doctor");
        Assert.Equal(1, before.ExitCode);
        Assert.Contains("WireGuard's packets (UDP port 12912)", before.Output, StringComparison.Ordinal);

        (await FirewallAsync("--zone=trusted", "--add-interface=meshover0", "--add-interface=meshover-lo", "--add-interface=mo-+")).Checked();
        (await FirewallAsync("--add-port=12912/udp")).Checked();

        var after = await _bed.MeshoverAsync("doctor");
        Assert.DoesNotContain("firewalld drops", after.Output, StringComparison.Ordinal);
        Assert.Contains("IPv6_rpfilter", after.Output, StringComparison.Ordinal); // a warning: firewalld has it on by itself
        Assert.Equal(0, after.ExitCode);
    }

    private void Start(string program, params string[] arguments) => _processes.Add(DetachedProcess.Start(new DetachedProcessOptions
    {
        FileName = $"/usr/{(program == "firewalld" ? "sbin" : "bin")}/{program}",
        Arguments = [.. arguments],
        LogFile = Path.Combine(_directory, $"{program}.log"),
        NetworkNamespacePath = NetworkNamespace.PathOf(_bed.NodeNamespace),
        Environment = new Dictionary<string, string?> { ["DBUS_SYSTEM_BUS_ADDRESS"] = Bus },
    }));

    private Task<Ending> FirewallAsync(params string[] arguments) => Programs.RunAsync(
        "ip", ["netns", "exec", _bed.NodeNamespace, "firewall-cmd", .. arguments], new Dictionary<string, string> { ["DBUS_SYSTEM_BUS_ADDRESS"] = Bus });
}
