using Meshover.Cli.CommandLine;
using Meshover.Cli.Services;
using Meshover.Cli.Supervision;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class SystemdServicesTests : IDisposable
{
    private readonly string _units = Directory.CreateTempSubdirectory("units").FullName;
    private readonly string _packaged = Directory.CreateTempSubdirectory("packaged").FullName;
    private readonly RecordedSystemctl _systemctl = new();

    public void Dispose()
    {
        Directory.Delete(_units, recursive: true);
        Directory.Delete(_packaged, recursive: true);
    }

    [Fact]
    public async Task Start_NothingInstalled_InstallsReloadsAndEnables()
    {
        await Services.StartAsync(DaemonNames.All, CancellationToken.None);

        Assert.Equal(
            ["daemon-reload", "enable --now meshover-agent.service meshover-routing.service meshover-dataplane.service meshover-dns.service"], _systemctl.Calls);
        Assert.Equal(4, Directory.GetFiles(_units).Length);
    }

    [Fact]
    public async Task Start_InstalledAlready_ReloadsNothing()
    {
        await Services.StartAsync(DaemonNames.All, CancellationToken.None);
        _systemctl.Calls.Clear();

        await Services.StartAsync(DaemonNames.All, CancellationToken.None);

        Assert.Equal(["enable --now meshover-agent.service meshover-routing.service meshover-dataplane.service meshover-dns.service"], _systemctl.Calls);
    }

    [Fact]
    public async Task Start_DaemonTurnedOff_RemovesItsUnit()
    {
        await Services.StartAsync(DaemonNames.All, CancellationToken.None);
        _systemctl.Calls.Clear();

        await Services.StartAsync([DaemonNames.Agent, DaemonNames.Dataplane, DaemonNames.Dns], CancellationToken.None);

        Assert.Equal(
            ["disable --now meshover-routing.service", "daemon-reload", "enable --now meshover-agent.service meshover-dataplane.service meshover-dns.service"], _systemctl.Calls);
        Assert.False(File.Exists(Path.Combine(_units, "meshover-routing.service")));
    }

    [Fact]
    public async Task Stop_Installed_DisablesInOrderAndRemovesTheUnits()
    {
        await Services.StartAsync(DaemonNames.All, CancellationToken.None);
        _systemctl.Calls.Clear();

        await Services.StopAsync(CancellationToken.None);

        Assert.Equal(
            [
                "disable --now meshover-agent.service", "disable --now meshover-routing.service", "disable --now meshover-dataplane.service",
                "disable --now meshover-dns.service", "daemon-reload",
            ],
            _systemctl.Calls);
        Assert.Empty(Directory.GetFiles(_units));
    }

    [Fact]
    public async Task Stop_OneThatCannotBeStopped_KeepsNoOther()
    {
        await Services.StartAsync(DaemonNames.All, CancellationToken.None);
        _systemctl.Refused = "disable --now meshover-agent.service";

        var failure = await Assert.ThrowsAsync<CliException>(() => Services.StopAsync(CancellationToken.None));

        Assert.Contains(_systemctl.Refused, failure.Message, StringComparison.Ordinal);
        Assert.Equal(["meshover-agent.service"], Directory.GetFiles(_units).Select(Path.GetFileName));
        Assert.Equal("daemon-reload", _systemctl.Calls[^1]);
    }

    [Fact]
    public async Task Stop_NothingInstalled_CallsNothing()
    {
        await Services.StopAsync(CancellationToken.None);

        Assert.Empty(_systemctl.Calls);
    }

    [Theory]
    [InlineData("agent")]
    [InlineData("dataplane")]
    [InlineData("routing")]
    [InlineData("dns")]
    public void Render_EachUnit_RunsItsDaemonByTheGivenProgram(string daemon)
    {
        var unit = UnitFile.Render(daemon, "/opt/meshover/meshover");

        Assert.Contains($"\nExecStart=/opt/meshover/meshover {daemon}\n", unit, StringComparison.Ordinal);
        Assert.Equal(daemon == "routing", unit.Contains("\nKillMode=process\n", StringComparison.Ordinal));
    }

    [Fact]
    public void Render_PathThatSystemdWouldSplit_IsQuoted() =>
        Assert.Contains("\nExecStart=\"/opt/my tools/100%%/meshover\" agent\n", UnitFile.Render("agent", "/opt/my tools/100%/meshover"), StringComparison.Ordinal);

    [Fact]
    public async Task Start_OfAPackage_EnablesItsUnitsAndWritesNone()
    {
        await Packaged.StartAsync(DaemonNames.All, CancellationToken.None);

        Assert.Equal(["enable --now meshover-agent.service meshover-routing.service meshover-dataplane.service meshover-dns.service"], _systemctl.Calls);
        Assert.Empty(Directory.GetFiles(_units));
        Assert.False(Packaged.Keeps(DaemonNames.Agent)); // this systemctl enables nothing
        Directory.CreateDirectory(Path.Combine(_units, "multi-user.target.wants"));
        File.CreateSymbolicLink(Path.Combine(_units, "multi-user.target.wants", "meshover-agent.service"), "/nowhere");
        Assert.True(Packaged.Keeps(DaemonNames.Agent));
    }

    [Theory]
    [InlineData("")]
    [InlineData("of a former release")]
    public async Task Start_OfAPackageAfterABuildTree_UnitsThatWouldHideItsOwnGo(string release)
    {
        await Services.StartAsync(DaemonNames.All, CancellationToken.None);
        if (release.Length > 0)
        {
            foreach (var file in Directory.GetFiles(_units))
                File.WriteAllText(file, File.ReadAllText(file)[(File.ReadAllText(file).IndexOf('\n', StringComparison.Ordinal) + 1)..]);
        }
        _systemctl.Calls.Clear();

        await Packaged.StartAsync(DaemonNames.All, CancellationToken.None);

        Assert.Equal(
            ["daemon-reload", "enable --now meshover-agent.service meshover-routing.service meshover-dataplane.service meshover-dns.service"], _systemctl.Calls);
        Assert.Empty(Directory.GetFiles(_units));
    }

    [Fact]
    public async Task Life_OfAPackageWithAnAdministratorsUnit_LeavesThatAlone()
    {
        var own = Path.Combine(_units, "meshover-agent.service");
        await File.WriteAllTextAsync(own, "[Service]\nExecStart=/usr/bin/nice /usr/bin/meshover agent\n");

        await Packaged.StartAsync(DaemonNames.All, CancellationToken.None);
        await Packaged.StopAsync(CancellationToken.None);

        Assert.Equal([own], Directory.GetFiles(_units));
        Assert.DoesNotContain("daemon-reload", _systemctl.Calls);
    }

    [Fact]
    public async Task Stop_OfAPackage_DisablesItsUnitsAndKeepsThem()
    {
        await Packaged.StopAsync(CancellationToken.None);

        Assert.Equal(
            ["disable --now meshover-agent.service", "disable --now meshover-routing.service", "disable --now meshover-dataplane.service", "disable --now meshover-dns.service"],
            _systemctl.Calls);
        Assert.Equal(4, Directory.GetFiles(_packaged).Length);
    }

    private SystemdServices Services => new(_systemctl, _units, packagedDirectory: null);

    private SystemdServices Packaged
    {
        get
        {
            foreach (var daemon in DaemonNames.All)
                File.WriteAllText(Path.Combine(_packaged, SystemdServices.UnitName(daemon)), "");
            return new(_systemctl, _units, _packaged);
        }
    }

    private sealed class RecordedSystemctl : ISystemctl
    {
        public List<string> Calls { get; } = [];

        /// <summary>What it fails at.</summary>
        public string Refused { get; set; } = "";

        public Task RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
        {
            var call = string.Join(' ', arguments);
            Calls.Add(call);
            return call == Refused ? Task.FromException(new CliException($"{call} failed")) : Task.CompletedTask;
        }
    }
}
