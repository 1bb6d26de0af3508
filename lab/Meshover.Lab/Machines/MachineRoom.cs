using Meshover.Lab.Interop;
using Meshover.Linux.Namespaces;

namespace Meshover.Lab.Machines;

/// <summary>
/// Makes and removes the machines of one lab.
///
/// A machine's file system is the host's with three places of its own: /run is an empty directory, /etc and /var/lib are overlays
/// over the host's. They live on the lab's tmpfs, so nothing is ever created on the host's disk and one unmount ends it all.
/// </summary>
internal sealed class MachineRoom(LabPaths paths)
{
    private static readonly string[] Overlaid = ["/etc", "/var/lib"];
    private static readonly string[] Owned = ["/etc/meshover", "/var/lib/meshover", "/var/lib/meshover-controller"];

    /// <summary>Machines whose /usr is not the host's, by their names: a directory in which theirs is.</summary>
    public IReadOnlyDictionary<string, string> Systems { get; init; } = new Dictionary<string, string>();

    private readonly NeighbourLimits _neighbours = new(paths.NeighbourLimits);

    /// <param name="nodes">How many nodes of a full mesh there will be.</param>
    /// <exception cref="LabException">A lab of this prefix runs already.</exception>
    public void Open(int nodes)
    {
        if (Directory.Exists(paths.State))
            throw new LabException($"a lab is already running ({paths.State}): end it with `./dev down`");
        Directory.CreateDirectory(paths.State);
        try
        {
            Libc.Mount("tmpfs", paths.State, "tmpfs", 0, "mode=0755");
        }
        catch (LabException)
        {
            Directory.Delete(paths.State); // else it looks like a lab that runs
            throw;
        }
        // Mount namespaces can only be pinned on a mount that does not propagate into them.
        Libc.Mount("none", paths.State, null, Libc.MountPrivate);
        Directory.CreateDirectory(paths.Machines);
        _neighbours.Raise(nodes);
    }

    public async Task<Machine> CreateAsync(string name)
    {
        var machine = new Machine(paths, name);
        foreach (var directory in (string[])["run", .. Overlaid.SelectMany(place => (string[])[place, WorkOf(place)])])
            Directory.CreateDirectory(machine.Disk(directory));
        // After its directory, by which CloseAsync finds a machine: interrupted between the two, nothing stays behind.
        NetworkNamespace.Create(machine.NetworkName);
        await File.WriteAllBytesAsync(machine.MountPin, []);
        await File.WriteAllBytesAsync(machine.UtsPin, []);

        using var furnished = new SemaphoreSlim(0);
        using var pinned = new SemaphoreSlim(0);
        var thread = 0;
        // A thread of its own: blocked pool threads would be replaced only one by one, a second apart.
        var furnishing = Task.Factory.StartNew(() => machine.InNetwork(() =>
        {
            try
            {
                Furnish(machine, Systems.GetValueOrDefault(name));
                thread = Libc.ThreadId();
            }
            finally
            {
                furnished.Release();
            }
            pinned.Wait();
            return 0;
        }), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await furnished.WaitAsync();
        if (thread != 0) Pin(machine, thread);
        pinned.Release();
        await furnishing;
        return machine;
    }

    /// <summary>Ends every process in the machines and removes them. Does as much as it can; what is not there is no error.</summary>
    /// <exception cref="LabException">All else is done, but the kernel refused to have its tables of neighbours as they were.</exception>
    public async Task CloseAsync()
    {
        var names = Directory.Exists(paths.Machines) ? Directory.GetDirectories(paths.Machines).Select(Path.GetFileName) : [];
        var machines = names.Select(name => new Machine(paths, name!)).ToArray();
        await MachineProcesses.KillAllAsync(machines);
        foreach (var machine in machines.Where(machine => File.Exists(machine.NetworkPath))) NetworkNamespace.Delete(machine.NetworkName);
        if (!Directory.Exists(paths.State)) return;
        var refused = TryRestoreNeighbours();
        if (IsMounted(paths.State)) Libc.Unmount(paths.State);
        Directory.Delete(paths.State, recursive: true);
        if (Directory.GetFileSystemEntries(LabPaths.Root).Length == 0) Directory.Delete(LabPaths.Root);
        if (refused is not null) throw refused;
    }

    // What was remembered of the tables lies in the state: refused once, it can only be told.
    private LabException? TryRestoreNeighbours()
    {
        try
        {
            _neighbours.Restore();
            return null;
        }
        catch (LabException error)
        {
            return error;
        }
    }

    private static bool IsMounted(string path) =>
        File.ReadLines("/proc/self/mountinfo").Any(line => line.Split(' ') is { Length: > 4 } fields && fields[4] == path);

    private static string WorkOf(string place) => "work" + place;

    // Runs on a thread of its own, which leaves the host's mount and UTS namespaces here.
    private static void Furnish(Machine machine, string? system)
    {
        Libc.Unshare(Libc.CloneNewMount | Libc.CloneNewUts);
        Libc.SetHostName(machine.Name);
        Libc.Mount("none", "/", null, Libc.MountSlave | Libc.MountRecursive);
        if (system is not null) OtherSystem.Enter(system);
        foreach (var place in Overlaid)
            Libc.Mount("overlay", place, "overlay", 0, $"lowerdir={place},upperdir={machine.Disk(place)},workdir={machine.Disk(WorkOf(place))}");
        // What the host's own node has is none of the machine's.
        foreach (var place in Owned.Where(Directory.Exists)) Directory.Delete(place, recursive: true);
        ReplaceRun(machine);
        // /sys/class/net shows the namespace in which it was mounted.
        Libc.Unmount("/sys");
        Libc.Mount("sysfs", "/sys", "sysfs", 0);
    }

    // The pins of all namespaces lie under the host's /run: a copy of them here would keep those alive that the host removes. So they
    // are let go before the machine's own /run covers them, for which that waits in another place.
    private static void ReplaceRun(Machine machine)
    {
        const string waiting = "/var/lib/meshover-lab-run";
        Directory.CreateDirectory(waiting);
        Libc.Mount(machine.Disk("run"), waiting, null, Libc.MountBind);
        foreach (var place in File.ReadLines("/proc/thread-self/mountinfo").Select(line => line.Split(' ')[4])
            .Where(place => place == "/run/netns" || place.StartsWith(LabPaths.Root + "/", StringComparison.Ordinal)).Reverse().ToArray())
            Libc.UnmountIfThere(place); // what the host unmounts at this moment goes here, too
        Libc.Mount(waiting, "/run", null, Libc.MountMove);
        Directory.Delete(waiting);
    }

    private static void Pin(Machine machine, int thread)
    {
        Libc.Mount($"/proc/self/task/{thread}/ns/mnt", machine.MountPin, null, Libc.MountBind);
        Libc.Mount($"/proc/self/task/{thread}/ns/uts", machine.UtsPin, null, Libc.MountBind);
    }
}
