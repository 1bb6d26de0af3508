namespace Meshover.Routing.Supervision;

/// <summary>
/// The two sockets of mgmtd, the only ones whose directory cannot be chosen: <c>/run/frr/NAME</c>, with a name of ours so that another FRR
/// on this machine has its own. FRR makes it, as the user frr, but not <c>/run/frr</c>.
/// </summary>
/// <param name="parent">What the daemons know as <c>/run/frr</c>.</param>
internal sealed class MgmtdSockets(string frrDirectory, string parent)
{
    /// <summary>This machine's.</summary>
    public const string MachineParent = "/run/frr";
    private static readonly string[] _sockets = ["mgmtd_be.sock", "mgmtd_fe.sock"];

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

    /// <summary>Not recursively: the directory is frr's, who could have made it point elsewhere.</summary>
    public void Delete()
    {
        if (!System.IO.Directory.Exists(Directory)) return;
        foreach (var socket in _sockets) File.Delete(Path.Combine(Directory, socket));
        if (!System.IO.Directory.EnumerateFileSystemEntries(Directory).Any()) System.IO.Directory.Delete(Directory);
    }
}
