using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;

namespace Meshover.Bench;

/// <summary>A process of a node: the processor time that it has taken until now, and its resident memory.</summary>
internal sealed record NodeDaemon(int Id, string Name, double CpuSeconds, double Megabytes)
{
    public static List<NodeDaemon> Of(LabNode node) =>
        [.. MachineProcesses.Of(node.Machine).Select(process => new NodeDaemon(
            process.Id, DaemonName.Of(process.Id, process.Name), Programs.CpuSeconds(process.Id), ProcessMemory.ResidentMegabytes(process.Id)))];
}
