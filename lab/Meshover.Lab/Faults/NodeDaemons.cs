using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Linux.Processes;

namespace Meshover.Lab.Faults;

/// <summary>The processes of a node, to be killed.</summary>
public static class NodeDaemons
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);
    public static readonly IReadOnlyList<string> Frr = ["mgmtd", "zebra", "bgpd", "bfdd"];

    /// <summary>One of ours by its pid file: agent, dataplane, routing, run. Null where it does not run.</summary>
    public static ProcessIdentity? Find(this LabNode node, string daemon) =>
        ProcessIdentity.ReadLive(node.Machine.Disk($"/run/meshover/{daemon}.pid"));

    /// <summary>SIGKILL for one of ours.</summary>
    /// <returns>What was killed: its successor is another.</returns>
    /// <exception cref="LabException">It does not run.</exception>
    public static ProcessIdentity Kill(this LabNode node, string daemon)
    {
        var process = node.Find(daemon) ?? throw new LabException($"meshover {daemon} is not running on {node.Machine.Name}");
        process.Kill();
        return process;
    }

    /// <summary>SIGKILL for one of ours, whenever it is there, until cancelled.</summary>
    public static async Task KeepDeadAsync(this LabNode node, string daemon, CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            node.Find(daemon)?.Kill();
            await Task.Delay(LookEvery, TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>SIGKILL for daemons of FRR by their names, as far as they run.</summary>
    /// <exception cref="LabException">None of them runs.</exception>
    public static void KillFrr(this LabNode node, params IEnumerable<string> daemons)
    {
        var processes = MachineProcesses.Of(node.Machine).Where(process => daemons.Contains(process.Name)).ToArray();
        if (processes.Length == 0) throw new LabException($"no {string.Join(' ', daemons)} is running on {node.Machine.Name}");
        foreach (var (id, _) in processes) ProcessIdentity.TryFind(id)?.Kill();
    }
}
