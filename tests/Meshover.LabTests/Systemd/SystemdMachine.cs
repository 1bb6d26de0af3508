using System.Diagnostics;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.LabTests.Mesh;

namespace Meshover.LabTests.Systemd;

/// <summary>
/// A machine of the lab with a systemd of its own as the first process of its process namespace, as in a container. Its files are this
/// machine's, or another Debian's, with a layer over them that goes when it ends, so that packages can be installed there. It has the
/// distribution's units, and of the administrator's only those that the test enables.
/// </summary>
internal sealed class SystemdMachine : IDisposable
{
    // They look at every file of /tmp and at every device, wait for udev, which is not there, and are nobody's dependence.
    private static readonly string[] Masked =
    [
        "systemd-tmpfiles-setup", "systemd-tmpfiles-setup-dev", "systemd-udev-trigger", "systemd-udevd", "systemd-logind", "systemd-journal-flush",
        "systemd-journal-catalog-update", "console-getty", "systemd-networkd", "NetworkManager", "firewalld",
    ];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Machine _machine;
    private readonly SystemdCgroup _cgroup;
    private readonly Process _starter;
    private int _first;

    private SystemdMachine(Machine machine, IReadOnlyList<string> enabled, string? unpacked, string? system)
    {
        _machine = machine;
        _cgroup = SystemdCgroup.Create(machine);
        _starter = Process.Start(_cgroup.Enter(machine.Command(
            "unshare", "--fork", "--kill-child", "--pid", "--mount", "--ipc", "--cgroup", "--", "sh", "-ec", Script(enabled, unpacked, system))))!;
    }

    /// <param name="machine">Where it runs.</param>
    /// <param name="enabled">Units of the distribution that it starts.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <param name="unpacked">Of artifacts/roots, what <c>dev</c> has unpacked there: its files are laid over the machine's. Null: none.</param>
    /// <param name="system">Of artifacts/roots, the Debian whose files it has instead of this machine's; of those it sees nothing then. Null: none.</param>
    public static async Task<SystemdMachine> StartAsync(Machine machine, IReadOnlyList<string> enabled, CancellationToken ct, string? unpacked = null, string? system = null)
    {
        var here = new SystemdMachine(machine, enabled, unpacked, system is null ? null : OtherSystem.Of(system));
        try
        {
            await here.WaitAsync(ct);
            return here;
        }
        catch
        {
            here.Dispose();
            throw;
        }
    }

    private async Task WaitAsync(CancellationToken ct)
    {
        await Until.NothingIsMissingAsync("systemd's process", Patience, () =>
            Task.FromResult((_first = MachineProcesses.Of(_machine).FirstOrDefault(process => process.Name == "systemd").Id) == 0 ? "none" : null), ct);
        await Until.NothingIsMissingAsync("systemd has started what it should", Patience, async () =>
            (await RunAsync("systemctl", ["is-system-running"], ct)).Output.Trim() is var state and not ("running" or "degraded") ? state : null, ct);
    }

    /// <summary>Lays the files together and becomes systemd. What holds the programs under test may be a file system of its own.</summary>
    private static string Script(IReadOnlyList<string> enabled, string? unpacked, string? system)
    {
        var laidOver = unpacked is null ? ":" : $"""
            tar -C {Path.GetFullPath(Path.Combine(Path.GetDirectoryName(LabPrograms.Meshover)!, "../roots", unpacked))} -c . | tar -x --keep-directory-symlink
            systemd-sysusers --root=/mnt/root
            """;
        var programs = new DirectoryInfo(Path.GetDirectoryName(LabPrograms.Meshover)!).Parent!.FullName;
        var programsHere = system is not null ? ":" : $"""
            mkdir -p .{programs}
            mount --rbind {programs} .{programs}
            """;
        return $"""
            mount -t tmpfs none /mnt
            mkdir /mnt/changes /mnt/work /mnt/root
            mount -t overlay overlay -o lowerdir={system ?? "/"},upperdir=/mnt/changes,workdir=/mnt/work /mnt/root
            cd /mnt/root
            {laidOver}
            {programsHere}
            mount --rbind /dev dev
            mount -t proc proc proc
            mount -t sysfs sys sys
            mount -t cgroup2 cgroup sys/fs/cgroup
            mount -t tmpfs none run
            mount -t tmpfs none tmp
            hostname >etc/hostname
            units=etc/systemd/system
            rm -rf usr/sbin/policy-rc.d $units var/lib/meshover var/lib/meshover-controller etc/meshover
            mkdir -p $units/multi-user.target.wants
            for unit in {string.Join(' ', Masked)}; do ln -s /dev/null $units/$unit.service; done
            for unit in {string.Join(' ', enabled)}; do ln -s /lib/systemd/system/$unit $units/multi-user.target.wants/; done
            exec env container=lab chroot . /lib/systemd/systemd --unit=multi-user.target --log-target=null
            """;
    }

    /// <summary>Runs a program beside systemd's processes.</summary>
    public Task<CommandResult> RunAsync(string program, IEnumerable<string> arguments, CancellationToken ct, string? input = null) =>
        _machine.RunAsync("nsenter", [$"--target={_first}", "--mount", "--pid", "--ipc", "--cgroup", "--root", "--wd", "--", program, .. arguments], input, ct);

    /// <summary>Copies a file of this machine into a directory there.</summary>
    /// <returns>Its path there.</returns>
    public string Put(string file, string directory)
    {
        var path = $"{directory}/{Path.GetFileName(file)}";
        File.Copy(file, $"/proc/{_first}/root{path}");
        return path;
    }

    /// <summary>The properties of a unit, as lines of NAME=VALUE.</summary>
    public async Task<string[]> ShowAsync(string unit, CancellationToken ct, params string[] properties) =>
        (await RunAsync("systemctl", ["show", unit, .. properties.Select(property => $"--property={property}")], ct)).Checked().Trim().Split('\n');

    public void Dispose()
    {
        _starter.Kill();
        _starter.Dispose();
        _cgroup.Remove();
    }
}
