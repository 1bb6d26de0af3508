using System.Diagnostics;
using Meshover.Lab.Machines;
using Meshover.LabTests.Mesh;

namespace Meshover.LabTests.Kernel;

/// <summary>
/// A machine of the lab with a systemd of its own as the first process of its process namespace, as in a container. It has the
/// distribution's units, and of the administrator's only those that the test enables.
/// </summary>
internal sealed class SystemdMachine : IDisposable
{
    private const string AdministratorsUnits = "/etc/systemd/system";

    // They look at every file of /tmp and at every device, which takes a minute here, and are nobody's dependence.
    private static readonly string[] Masked =
    [
        "systemd-tmpfiles-setup", "systemd-tmpfiles-setup-dev", "systemd-udev-trigger", "systemd-udevd", "systemd-logind", "console-getty",
    ];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Machine _machine;
    private readonly Process _starter;
    private readonly int _first;

    private SystemdMachine(Machine machine, Process starter, int first) => (_machine, _starter, _first) = (machine, starter, first);

    /// <param name="enabled">Units of the distribution that it starts.</param>
    public static async Task<SystemdMachine> StartAsync(Machine machine, IReadOnlyList<string> enabled, CancellationToken ct)
    {
        var wanted = $"{AdministratorsUnits}/multi-user.target.wants";
        var links = string.Concat([
            .. enabled.Select(unit => $" && ln -s /lib/systemd/system/{unit} {wanted}/"),
            .. Masked.Select(unit => $" && ln -s /dev/null {AdministratorsUnits}/{unit}.service")]);
        (await machine.RunAsync("sh", ["-c", $"rm -rf {AdministratorsUnits}/* && mkdir -p {wanted}{links}"], ct)).Checked();
        var starter = Process.Start(machine.Command("unshare", "--fork", "--kill-child", "--pid", "--mount", "--mount-proc", "--cgroup", "--",
            "env", "container=lab", "/lib/systemd/systemd", "--unit=multi-user.target", "--log-target=null"))!;
        var first = 0;
        await Until.NothingIsMissingAsync("systemd's process", Patience, () =>
            Task.FromResult((first = MachineProcesses.Of(machine).FirstOrDefault(process => process.Name == "systemd").Id) == 0 ? "none" : null), ct);
        var here = new SystemdMachine(machine, starter, first);
        await Until.NothingIsMissingAsync("systemd has started what it should", Patience, async () =>
            (await here.RunAsync("systemctl", ["is-system-running"], ct)).Output.Trim() is var state and not ("running" or "degraded") ? state : null, ct);
        return here;
    }

    /// <summary>Runs a program beside systemd's processes.</summary>
    public Task<CommandResult> RunAsync(string program, IEnumerable<string> arguments, CancellationToken ct, string? input = null) =>
        _machine.RunAsync("nsenter", [$"--target={_first}", "--mount", "--pid", "--cgroup", "--", program, .. arguments], input, ct);

    /// <summary>The properties of a unit, as lines of NAME=VALUE.</summary>
    public async Task<string[]> ShowAsync(string unit, CancellationToken ct, params string[] properties) =>
        (await RunAsync("systemctl", ["show", unit, .. properties.Select(property => $"--property={property}")], ct)).Checked().Trim().Split('\n');

    public void Dispose()
    {
        _starter.Kill();
        _starter.Dispose();
    }
}
