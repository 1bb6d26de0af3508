namespace Meshover.LabTests.Routing;

/// <summary>A systemd that says that the machine is being stopped, for the programs that are started with it: others see this machine as it is.</summary>
internal sealed class StoppingSystemd : IDisposable
{
    private const string Runtime = "/run/systemd";
    private readonly string _directory = Directory.CreateTempSubdirectory("t-stopping-").FullName;

    public StoppingSystemd()
    {
        Directory.CreateDirectory(Runtime);
        var systemctl = Path.Combine(_directory, "systemctl");
        File.WriteAllText(systemctl, "#!/bin/sh\n[ \"$*\" = is-system-running ] && echo stopping\nexit 1\n");
        File.SetUnixFileMode(systemctl, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>What comes before a program and its arguments. The process becomes the program. /run/systemd/system: sd_booted(3).</summary>
    public IReadOnlyList<string> Prefix =>
    [
        "unshare", "--mount", "--propagation", "slave", "sh", "-c",
        $"""mount -t tmpfs tmpfs {Runtime} && mkdir {Runtime}/system && PATH={_directory}:$PATH exec "$@" """,
        "sh",
    ];

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
