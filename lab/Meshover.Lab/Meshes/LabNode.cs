using System.Net;
using Meshover.Lab.Machines;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

namespace Meshover.Lab.Meshes;

/// <summary>A node of a lab and the workload behind it, handled as a user would handle them.</summary>
public sealed class LabNode(int number, Machine machine, Machine workload)
{
    private static readonly string[][] _descriptions =
    [
        [LabPrograms.Meshover, "status"],
        [LabPrograms.Meshover, "vtysh", "-c", "show bgp summary", "-c", "show bfd peers brief", "-c", "show ipv6 route bgp"],
        ["ip", "-s", "-br", "link"],
        ["ip", "neighbour"],
    ];

    public int Number => number;
    public Machine Machine => machine;
    public Machine Workload => workload;

    /// <summary>Further flags of every <c>meshover up</c>.</summary>
    internal string[] Settings { get; init; } = [];

    /// <summary><c>meshover up</c> with a join string. Ends when the node's daemons run; whether its peers are reachable is the lab's to see.</summary>
    public Task JoinAsync(string joinString, CancellationToken ct) => JoinAsync(joinString, AddressPlan.Announced(number), ct);

    public async Task JoinAsync(string joinString, IEnumerable<string> announced, CancellationToken ct) =>
        (await UpAsync(joinString, ["--join", "-", "--no-wait", "--announce", string.Join(',', announced), .. Settings], ct)).Checked();

    public Task<CommandResult> UpAsync(string? input, IEnumerable<string> arguments, CancellationToken ct) =>
        machine.RunAsync(LabPrograms.Meshover, ["up", .. arguments], input, ct);

    public Task<CommandResult> MeshoverAsync(IEnumerable<string> arguments, CancellationToken ct) =>
        machine.RunAsync(LabPrograms.Meshover, arguments, ct);

    /// <summary>Also where not all is well, which `status` says by its exit code too.</summary>
    public async Task<NodeStatus> StatusAsync(CancellationToken ct)
    {
        var result = await MeshoverAsync(["status", "--json"], ct);
        return NodeStatus.Parse(result.Output.Length > 0 ? result.Output : result.Checked());
    }

    /// <summary>How what is declared of a prefix stands; null where nothing is, or nobody answers.</summary>
    public async Task<AnnouncementState?> AnnouncementAsync(string prefix, CancellationToken ct)
    {
        var said = await MeshoverAsync(["announcements", "--json"], ct);
        return said.ExitCode == 0 ? AnnouncementState.Parse(said.Output).FirstOrDefault(one => one.Prefix == prefix) : null;
    }

    /// <summary>Where others reach it by its node addresses.</summary>
    internal async Task<ReachPoint> NodePointAsync(CancellationToken ct)
    {
        var numbers = (await StatusAsync(ct)).Numbers;
        return new ReachPoint(machine, IPAddress.Parse(numbers.Address4), IPAddress.Parse(numbers.Address6));
    }

    internal ReachPoint WorkloadPoint => new(workload, AddressPlan.Workload4(number), AddressPlan.Workload6(number));

    /// <summary>What the node says of itself and its neighbours, and <see cref="Logs"/>, for the message of a failure.</summary>
    public async Task<string> DescribeAsync(CancellationToken ct)
    {
        var seen = new List<string>();
        foreach (var command in _descriptions)
        {
            var result = await machine.RunAsync(command[0], command[1..], ct);
            seen.Add($"{machine.Name}: {string.Join(' ', command)}\n{result.Output}{result.Error}");
        }
        return string.Join('\n', [.. seen, Logs()]);
    }

    /// <summary>The ends of what its programs wrote, for the message of a failure.</summary>
    public string Logs() => string.Join('\n', Directory.Exists(machine.Disk("/run/meshover"))
        ? Directory.GetFiles(machine.Disk("/run/meshover"), "*.log", SearchOption.AllDirectories).Order().Select(path => LogTail.Of(path))
        : [$"{machine.Name} has no /run/meshover"]);
}
