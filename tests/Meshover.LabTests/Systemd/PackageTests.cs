using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.LabTests.Mesh;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Systemd;

/// <summary>
/// The Debian packages on a machine with systemd: installed, a mesh made and joined by the commands of the README, upgraded, removed, purged.
/// </summary>
[Collection(SystemdTests.Collection)]
public sealed class PackageTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string[] Daemons = ["meshover-agent.service", "meshover-dataplane.service", "meshover-routing.service", "meshover-dns.service"];
    private static readonly string[] Places =
    [
        "/usr/bin", "/usr/lib", "/usr/lib/systemd/system", "/usr/share/man/man1", "/usr/share/doc", "/usr/share/lintian/overrides",
        "/usr/share/bash-completion/completions", "/etc", "/etc/systemd/system", "/etc/systemd/system/multi-user.target.wants", "/var/lib", "/var/log", "/run",
    ];
    private const string Controller = "meshover-controller.service", Console = "meshover-console.service", Kube = "meshover-kube.service";
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-packages-").FullName;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private SystemdMachine _systemd = null!;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Packages_InstalledUsedUpgradedAndPurged_LeaveNothing()
    {
        await using var mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 1 }, TimeProvider.System, _ct);
        using var systemd = _systemd = await SystemdMachine.StartAsync(mesh.Node(1).Machine, [], _ct);
        var before = await LeftAsync();

        await CheckedAsync("dpkg", "--install", PackageFiles.Of("meshover"), PackageFiles.Of("meshover-controller"), PackageFiles.Of("meshover-kube"));
        Assert.Equal(["ActiveState=inactive", "UnitFileState=enabled"], await _systemd.ShowAsync(Controller, _ct, "ActiveState", "UnitFileState"));
        foreach (var daemon in (string[])[.. Daemons, Console, Kube])
            Assert.Equal(["ActiveState=inactive", "UnitFileState=disabled"], await _systemd.ShowAsync(daemon, _ct, "ActiveState", "UnitFileState"));

        var join = await CheckedAsync("meshover-controller", "init", "--address", "192.0.2.1");
        await CheckedAsync("systemctl", "start", Controller);
        Assert.Equal("meshover-controller", (await CheckedAsync("stat", "--format=%U", "/var/lib/meshover-controller/store.db")).Trim());
        (await _systemd.RunAsync("meshover", ["up", "--join", "-", "--timeout", $"{Patience.TotalSeconds}"], _ct, join)).Checked();
        await AssertRunsAsync();
        Assert.Contains("n1", await CheckedAsync("meshover", "node", "list"), StringComparison.Ordinal); // root asks another user's controller

        await AssertConsoleApartRunsAsync();
        await AssertUpgradedAsync(mesh.Node(1).Machine);
        await AssertRootsCommandsLeaveTheStoreToItsUserAsync();
        await AssertImageJoinsAtItsFirstBootAsync();

        await AssertKubeSaysWhatIsWrongAndIsForgottenAsync();
        await CheckedAsync("dpkg", "--remove", "meshover");
        Assert.Equal(["ActiveState=active"], await _systemd.ShowAsync("frr", _ct, "ActiveState")); // the machine's own is back
        await CheckedAsync("systemctl", "stop", "frr");
        Assert.Empty(FrrOf(mesh.Node(1).Machine));
        Assert.DoesNotContain("mo-", await CheckedAsync("ip", "-o", "link"), StringComparison.Ordinal);
        await CheckedAsync("test", "-e", "/var/lib/meshover/identity.json"); // for whoever installs it again
        await CheckedAsync("dpkg", "--purge", "meshover", "meshover-controller");
        Assert.Equal(before, await LeftAsync());
    }

    [Fact]
    public async Task Repository_SignedByTheUsersKey_IsWhatAptInstallsFrom()
    {
        var repository = $"{_directory}/repository";
        await ShellAsync("install -d -m 700 gnupg && gpg --batch --passphrase '' --quick-generate-key packages@example.net default default never");
        await ShellAsync($"{Publish} repository packages@example.net {PackageFiles.Of("meshover")} {PackageFiles.Of("meshover-controller")}");
        await ShellAsync($"{Publish} repository packages@example.net {PackageFiles.Of("meshover")}"); // again, as it is
        Assert.Equal("0.1.0", await CandidateAsync(repository, "meshover"));
        Assert.Equal("0.1.0", await CandidateAsync(repository, "meshover-controller"));

        // One who changes a package, or the index, is found out.
        await ShellAsync("cp -a repository/. changed && echo >>changed/dists/stable/main/binary-amd64/Packages && gzip -9nkf changed/dists/stable/main/binary-amd64/Packages");
        Assert.Equal("(none)", await CandidateAsync($"{_directory}/changed", "meshover"));
        var other = await RunAsync($"echo x >>other && {Publish} repository packages@example.net other");
        Assert.NotEqual(0, other.ExitCode);
        Assert.Contains("other is not a Debian package; nothing was changed", other.Error, StringComparison.Ordinal);
    }

    private static string Publish => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(LabPrograms.Meshover)!, "../../deploy/apt/publish"));

    /// <summary>The version that apt would install from that repository alone, with lists and state of its own.</summary>
    private async Task<string> CandidateAsync(string repository, string package)
    {
        var apt = $"-o Dir::State={_directory}/apt -o Dir::Cache={_directory}/apt/cache -o Dir::Etc::sourcelist={_directory}/apt/list -o Dir::Etc::sourceparts=- -o Dir::State::status=/var/lib/dpkg/status";
        await ShellAsync("rm -rf apt && mkdir -p apt/lists/partial apt/cache/archives/partial");
        await File.WriteAllTextAsync($"{_directory}/apt/list", $"deb [signed-by={repository}/meshover.asc] file:{repository} stable main\n", _ct);
        await RunAsync($"apt-get {apt} -o APT::Sandbox::User=root update");
        var policy = await ShellAsync($"apt-cache {apt} policy {package}");
        return policy.Split('\n').FirstOrDefault(line => line.Contains("Candidate:", StringComparison.Ordinal))?.Split(' ')[^1] ?? "(none)";
    }

    private async Task<string> ShellAsync(string command) => (await RunAsync(command)).Checked();

    private async Task<CommandResult> RunAsync(string command)
    {
        var run = await new ProgramRun("sh", "-c", $"cd {_directory} && export GNUPGHOME={_directory}/gnupg && {command}") { Patience = Patience }.RunAsync(_ct);
        return new CommandResult(command, run.ExitCode, run.Output, run.Errors);
    }

    /// <summary>Enabled without a cluster it says so in `status`, and removed it leaves no line there.</summary>
    private async Task AssertKubeSaysWhatIsWrongAndIsForgottenAsync()
    {
        await CheckedAsync("systemctl", "enable", "--now", Kube);
        await Until.NothingIsMissingAsync("it says what is wrong", Patience, async () =>
            await CheckedAsync("meshover", "status") is var said && said.Contains("cannot be asked, as /etc/meshover/kubeconfig cannot be used", StringComparison.Ordinal) ? null : said, _ct);
        await CheckedAsync("systemctl", "stop", Kube, Daemons[0]);
        await CheckedAsync("sh", "-c", """echo '[{"name":"kubernetes","prefixes":["10.244.1.0/24"]}]' >/var/lib/meshover/providers.json""");
        await CheckedAsync("systemctl", "start", Daemons[0]);
        await Until.NothingIsMissingAsync("it has announced something", Patience, async () =>
            (await _systemd.RunAsync("meshover", ["status"], _ct)).Output is var said && said.Contains("kubernetes: 1 prefix", StringComparison.Ordinal) ? null : said, _ct);
        await CheckedAsync("dpkg", "--purge", "meshover-kube");
        Assert.DoesNotContain("kubernetes", await CheckedAsync("meshover", "status"), StringComparison.Ordinal);
    }

    private async Task AssertRunsAsync()
    {
        foreach (var daemon in Daemons)
        {
            Assert.Equal(["ActiveState=active", "UnitFileState=enabled"], await _systemd.ShowAsync(daemon, _ct, "ActiveState", "UnitFileState"));
            Assert.Matches($"^FragmentPath=(/usr)?/lib/systemd/system/{daemon}$", Assert.Single(await _systemd.ShowAsync(daemon, _ct, "FragmentPath")));
        }
        await Until.NothingIsMissingAsync("all is well", Patience, async () =>
        {
            var status = NodeStatus.Parse((await _systemd.RunAsync("meshover", ["status", "--json"], _ct)).Output);
            return status.State == "up" ? null : string.Join(", ", status.Components);
        }, _ct);
    }

    /// <summary>The daemons are the new program's, and FRR has not noticed.</summary>
    private async Task AssertUpgradedAsync(Machine machine)
    {
        var frr = FrrOf(machine);
        Assert.Equal(3, frr.Length);
        string[] units = [.. Daemons, Controller, Console];
        var old = await ProcessesAsync(units);
        await CheckedAsync("systemctl", "disable", "--now", "meshover-dns"); // as on a node of a release that had none
        await CheckedAsync("dpkg", "--install", await LaterAsync("meshover"), await LaterAsync("meshover-controller"));
        Assert.Empty(old.Intersect(await ProcessesAsync(units)));
        Assert.Equal(["ActiveState=active", "UnitFileState=enabled"], await _systemd.ShowAsync(Console, _ct, "ActiveState", "UnitFileState"));
        await AssertRunsAsync();
        Assert.Equal(frr, FrrOf(machine));
    }

    /// <summary>It serves, as the user whose the admin socket is, and asks the controller by that; it stays enabled for what comes.</summary>
    private async Task AssertConsoleApartRunsAsync()
    {
        var verified = await _systemd.RunAsync("systemd-analyze", ["verify", Controller, Console], _ct);
        Assert.Equal(0, verified.ExitCode);
        Assert.DoesNotContain("meshover", verified.Error, StringComparison.Ordinal);
        await CheckedAsync("sh", "-c", "echo 'listen: 192.0.2.1:443' >/etc/meshover/console.yaml");
        await CheckedAsync("systemctl", "enable", "--now", Console);
        Assert.Equal(["ActiveState=active"], await _systemd.ShowAsync(Console, _ct, "ActiveState"));
        Assert.Equal(["User=meshover-controller"], await _systemd.ShowAsync(Console, _ct, "User"));
        await CheckedAsync("sh", "-c", "ss -Hlnt 'sport = 443' | grep -q 192.0.2.1");
        await Until.NothingIsMissingAsync("it has asked the controller", Patience, async () =>
            await CheckedAsync("ss", "-Hx") is var open && open.Contains("/run/meshover-controller/admin.sock", StringComparison.Ordinal) ? null : open, _ct);
    }

    private async Task AssertRootsCommandsLeaveTheStoreToItsUserAsync()
    {
        await CheckedAsync("meshover-controller", "backup", "/root/mesh.backup");
        await CheckedAsync("systemctl", "stop", Controller);
        await CheckedAsync("meshover-controller", "restore", "--replace", "/root/mesh.backup");
        await CheckedAsync("rm", "/root/mesh.backup");
        await CheckedAsync("systemctl", "start", Controller);
        Assert.Equal(["ActiveState=active"], await _systemd.ShowAsync(Controller, _ct, "ActiveState"));
    }

    /// <summary>A member is no image by accident. What is one has no identity and nothing of this machine's own, and joins where it starts next.</summary>
    private async Task AssertImageJoinsAtItsFirstBootAsync()
    {
        var refused = await _systemd.RunAsync("meshover", ["prepare-image"], _ct);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("is a member of a mesh", refused.Error, StringComparison.Ordinal);
        await CheckedAsync("meshover", "up", "--site", "rack7", "--endpoint", "192.0.2.1");
        var token = await CheckedAsync("meshover", "token", "create");

        var prepared = await _systemd.RunAsync("meshover", ["prepare-image", "--leave", "--join", "-"], _ct, token);
        prepared.Checked();
        Assert.Contains("this machine's own: endpoint.", prepared.Error, StringComparison.Ordinal);
        Assert.Equal("600 root\n", await CheckedAsync("stat", "--format=%a %U", "/etc/meshover/join"));
        Assert.Contains("site: rack7", await CheckedAsync("cat", "/etc/meshover/agent.yaml"), StringComparison.Ordinal);
        await CheckedAsync("test", "!", "-e", "/var/lib/meshover/identity.json");

        await CheckedAsync("systemctl", "start", "frr"); // as it runs wherever Debian's package was installed
        await CheckedAsync("systemctl", "start", "meshover-join");
        await AssertRunsAsync();
        await CheckedAsync("test", "!", "-e", "/etc/meshover/join");
        await CheckedAsync("systemctl", "start", "meshover-join"); // at the next boot there is nothing to do
        Assert.Equal(["ConditionResult=no"], await _systemd.ShowAsync("meshover-join", _ct, "ConditionResult"));
    }

    private async Task<string[]> ProcessesAsync(string[] units)
    {
        var processes = await Task.WhenAll(units.Select(async unit => (await _systemd.ShowAsync(unit, _ct, "MainPID"))[0]));
        Assert.DoesNotContain("MainPID=0", processes);
        return processes;
    }

    /// <summary>What there is of ours on the machine.</summary>
    private async Task<string> LeftAsync() =>
        (await _systemd.RunAsync("sh", ["-c", $"ls -d {string.Join(' ', Places.Select(place => $"{place}/*meshover*"))};"
            + "find /var/lib/meshover /etc/meshover /run/meshover -mindepth 1; getent passwd meshover-controller; dpkg-query -W 'meshover*'"], _ct)).Output;

    private async Task<string> CheckedAsync(string program, params string[] arguments) => (await _systemd.RunAsync(program, arguments, _ct)).Checked();

    private static (int Id, string Name)[] FrrOf(Machine machine) =>
        [.. MachineProcesses.Of(machine).Where(process => process.Name is "zebra" or "bgpd" or "bfdd").OrderBy(process => process.Id)];

    private async Task<string> LaterAsync(string name) =>
        _systemd.Put(await PackageFiles.RepackAsync(name, PackageFiles.Version + "+1", _directory, _ct), "/tmp");
}
