using Meshover.LabTests.Mesh;

namespace Meshover.LabTests.Systemd;

/// <summary>The life of a mesh on bare machines, from the first installation to the last purge, by the README's commands.</summary>
/// <param name="patience">How long the workloads may take to reach each other.</param>
/// <param name="ct">Ends it.</param>
internal sealed class BareLife(TimeSpan patience, CancellationToken ct)
{
    /// <summary>What the README calls a later release.</summary>
    private const string Later = "0.2.0";
    private readonly ReadmeCommands _readme = ReadmeCommands.English;
    private BareMachines _bare = null!;

    /// <summary>The kernel has WireGuard and GRE, and so must carry the packets.</summary>
    public bool IsInKernel { get; init; }

    public async Task RunAsync()
    {
        await using var bare = _bare = await BareMachines.BootAsync(Later, ct);
        var before = await SnapshotsAsync();

        foreach (var command in _readme.Controller) await bare.RunAsync(bare.Controller, command);
        await Task.WhenAll(Enumerable.Range(1, bare.Nodes.Count).Select(JoinAsync));
        Assert.StartsWith("8.4", await VersionAsync(bare.Nodes[0], "frr"), StringComparison.Ordinal);
        Assert.StartsWith("10.3", await VersionAsync(bare.Nodes[1], "frr"), StringComparison.Ordinal);
        await bare.AssertWorkloadsReachEachOtherAsync(patience);
        if (IsInKernel)
            foreach (var node in bare.Nodes) Assert.NotEmpty(await bare.RunAsync(node, "ip -o link show type wireguard"));

        foreach (var command in _readme.OtherRelease) await ChangeReleaseAsync(command);

        await Task.WhenAll(bare.Nodes.Select(RemoveAsync));
        foreach (var (was, machine) in before.Zip(bare.Machines))
            SystemSnapshot.AssertEqual(was, await SystemSnapshot.TakeAsync(machine, ct), IsOfProcesses);
        foreach (var command in _readme.Removal) await bare.RunAsync(bare.Controller, command.Replace("meshover", "meshover-controller meshover", StringComparison.Ordinal));
        foreach (var machine in (SystemdMachine[])[bare.Controller, .. bare.Nodes]) await AssertNothingIsLeftAsync(machine);
    }

    /// <summary>The README's node is the first one; others announce what has their number.</summary>
    private async Task JoinAsync(int number)
    {
        string Own(string command) => command.Replace("10.64.1.", $"10.64.{number}.", StringComparison.Ordinal).Replace("fd64:1:", $"fd64:{number}:", StringComparison.Ordinal);
        var join = (await _bare.RunAsync(_bare.Controller, Own(Assert.Single(_readme.Token)))).Trim();
        foreach (var command in _readme.Node) await _bare.RunAsync(_bare.Nodes[number - 1], Own(command).Replace("STRING", join, StringComparison.Ordinal));
    }

    /// <summary>On all machines, and for the controller's package, too.</summary>
    private async Task ChangeReleaseAsync(string command)
    {
        var version = command.Split('_')[1];
        await _bare.RunAsync(_bare.Controller, command.Replace("./meshover_", "./meshover-controller_", StringComparison.Ordinal));
        foreach (var machine in (SystemdMachine[])[_bare.Controller, .. _bare.Nodes])
        {
            await _bare.RunAsync(machine, command);
            Assert.Equal(version, await VersionAsync(machine, "meshover"));
        }
        Assert.Equal(version, await VersionAsync(_bare.Controller, "meshover-controller"));
        await _bare.AssertWorkloadsReachEachOtherAsync(patience);
    }

    private async Task RemoveAsync(SystemdMachine node)
    {
        await _bare.RunAsync(node, _readme.Removal[0]);
        await _bare.RunAsync(node, "test ! -e /usr/bin/meshover && test -e /var/lib/meshover/identity.json"); // for whoever installs it again
        await _bare.RunAsync(node, "systemctl is-active frr"); // Debian's own is back
        foreach (var command in _readme.Removal.Skip(1)) await _bare.RunAsync(node, command);
    }

    private async Task AssertNothingIsLeftAsync(SystemdMachine machine)
    {
        Assert.Empty(await _bare.RunAsync(machine, "find / /run -xdev -name '*meshover*' -not -path '/root/*'"));
        Assert.Empty(await _bare.RunAsync(machine, "getent passwd meshover-controller || true; getent group meshover-controller || true"));
        Assert.Empty(await _bare.RunAsync(machine, "dpkg-query -W | grep meshover || true"));
    }

    private Task<IReadOnlyList<string>[]> SnapshotsAsync() => Task.WhenAll(_bare.Machines.Select(machine => SystemSnapshot.TakeAsync(machine, ct)));

    // FRR is Debian's, and stays.
    private static bool IsOfProcesses(string line) => line.StartsWith("process ", StringComparison.Ordinal);

    private async Task<string> VersionAsync(SystemdMachine machine, string package) => (await machine.RunAsync("dpkg-query", ["-W", "-f", "${Version}", package], ct)).Checked();
}
