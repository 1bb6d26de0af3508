using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;

namespace Meshover.Lab.Machines;

/// <summary>The processes of a machine, found by their network namespace: there is no other mark that every program carries.</summary>
public static class MachineProcesses
{
    /// <summary>Process ids and names of what runs in the machine.</summary>
    public static IReadOnlyList<(int Id, string Name)> Of(Machine machine)
    {
        if (!File.Exists(machine.NetworkPath)) return [];
        var wanted = machine.InNetwork(NetworkNamespace.CurrentInode);
        return [.. AllProcesses().Where(id => NetworkNamespace.InodeOfProcess(id) == wanted).Select(id => (id, NameOf(id)))];
    }

    /// <summary>SIGKILL for everything in the machines, again until nothing is left: a supervisor may start more meanwhile.</summary>
    internal static async Task KillAllAsync(IReadOnlyList<Machine> machines)
    {
        for (var round = 0; round < 20; round++)
        {
            var processes = machines.SelectMany(Of).Select(process => ProcessIdentity.TryFind(process.Id)).OfType<ProcessIdentity>().ToArray();
            if (processes.Length == 0) return;
            foreach (var process in processes) process.Kill();
            await Task.WhenAll(processes.Select(process => process.WaitForExitAsync()));
        }
    }

    private static IEnumerable<int> AllProcesses() =>
        Directory.GetDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), out var id) ? id : 0).Where(id => id > 0);

    // A process may end while we look at it.
    private static string NameOf(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/comm").TrimEnd();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
