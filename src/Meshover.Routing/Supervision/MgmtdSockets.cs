namespace Meshover.Routing.Supervision;

/// <summary>
/// The two sockets of mgmtd, the only ones whose directory cannot be chosen: <c>/run/frr/NAME</c>, with a name of ours so that another FRR
/// on this machine has its own. FRR makes it, as the user frr, but not <c>/run/frr</c>. And what mgmtd keeps of its last commits, in
/// <c>/var/lib/frr/NAME</c>: nobody goes back to one of them, as the daemons are told anew whatever they are to run.
/// </summary>
/// <param name="parent">What the daemons know as <c>/run/frr</c>.</param>
/// <param name="stateParent">What they know as <c>/var/lib/frr</c>; null where that goes with them.</param>
internal sealed class MgmtdSockets(string frrDirectory, string parent, string? stateParent)
{
    /// <summary>This machine's.</summary>
    public const string MachineParent = "/run/frr", MachineStateParent = "/var/lib/frr";
    private static readonly string[] _sockets = ["mgmtd_be.sock", "mgmtd_fe.sock"], _commits = ["commit-index.dat", "commit-*.json"];

    /// <summary>FRR's "pathspace", of our directory's path: FRR takes no slash in it and no dot.</summary>
    public string Name { get; } = frrDirectory.Trim('/').Replace('/', '-').Replace('.', '-');

    private string Directory => Path.Combine(parent, Name);

    /// <summary>Makes the parent, and takes away what a killed mgmtd left.</summary>
    /// <param name="makeForFrr">Makes a directory that belongs to frr.</param>
    public async Task PrepareAsync(Func<string, Task> makeForFrr)
    {
        // One that is there is the distribution's, and may have other rights.
        if (!System.IO.Directory.Exists(parent)) await makeForFrr(parent);
        Delete();
    }

    /// <summary>Takes away what an mgmtd that has ended left.</summary>
    public void Delete()
    {
        Delete(Directory, _sockets);
        if (stateParent is not null) Delete(Path.Combine(stateParent, Name), _commits);
    }

    /// <summary>Not recursively: the directory is frr's, who could have made it point elsewhere.</summary>
    private static void Delete(string directory, string[] patterns)
    {
        if (!System.IO.Directory.Exists(directory)) return;
        foreach (var file in patterns.SelectMany(pattern => System.IO.Directory.GetFiles(directory, pattern))) File.Delete(file);
        if (!System.IO.Directory.EnumerateFileSystemEntries(directory).Any()) System.IO.Directory.Delete(directory);
    }
}
