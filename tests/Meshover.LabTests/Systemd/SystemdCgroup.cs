using System.Diagnostics;
using Meshover.Lab;
using Meshover.Lab.Machines;

namespace Meshover.LabTests.Systemd;

/// <summary>
/// A group of processes (cgroup v2) for one systemd, which takes the group in which it begins for the whole machine's: two in the same one
/// would end each other's services.
/// </summary>
internal sealed class SystemdCgroup
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _directory;

    private SystemdCgroup(string directory) => _directory = directory;

    /// <exception cref="LabException">No cgroup2 is mounted on this machine.</exception>
    public static SystemdCgroup Create(Machine machine) => new(Directory.CreateDirectory(Path.Combine(MountPoint(), $"meshover-lab-{machine.NetworkName}")).FullName);

    /// <summary>The program begins in the group.</summary>
    public ProcessStartInfo Enter(ProcessStartInfo start)
    {
        string[] before = ["-ec", "echo $$ >\"$0\"; exec \"$@\"", Path.Combine(_directory, "cgroup.procs"), start.FileName];
        for (var i = 0; i < before.Length; i++) start.ArgumentList.Insert(i, before[i]);
        start.FileName = "sh";
        return start;
    }

    /// <summary>Ends what runs in it, and removes it with all that systemd made there.</summary>
    public void Remove()
    {
        File.WriteAllText(Path.Combine(_directory, "cgroup.kill"), "1");
        if (!SpinWait.SpinUntil(() => File.ReadAllText(Path.Combine(_directory, "cgroup.events")).Contains("populated 0", StringComparison.Ordinal), Patience))
            throw new LabException($"something in {_directory} does not end");
        Remove(_directory);
    }

    // Its files are the kernel's and go with the directory.
    private static void Remove(string directory)
    {
        foreach (var inner in Directory.GetDirectories(directory)) Remove(inner);
        Directory.Delete(directory);
    }

    /// <summary>proc_pid_mountinfo(5): the fifth field is the place; after a hyphen follows the type.</summary>
    private static string MountPoint() =>
        File.ReadLines("/proc/self/mountinfo").FirstOrDefault(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal))?.Split(' ')[4]
        ?? throw new LabException("no cgroup2 is mounted here, which systemd needs: `mount -t cgroup2 cgroup2 /sys/fs/cgroup`");
}
