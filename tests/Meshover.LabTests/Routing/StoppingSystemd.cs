namespace Meshover.LabTests.Routing;

/// <summary>A systemd that says that the machine is being stopped, for programs that find its systemctl first.</summary>
internal sealed class StoppingSystemd : IDisposable
{
    private const string Booted = "/run/systemd/system";
    private readonly bool _made = !Directory.Exists(Booted);

    public StoppingSystemd()
    {
        Directory.CreateDirectory(Booted);
        Directory.CreateDirectory(Path);
        var systemctl = System.IO.Path.Combine(Path, "systemctl");
        File.WriteAllText(systemctl, "#!/bin/sh\n[ \"$*\" = is-system-running ] && echo stopping\nexit 1\n");
        File.SetUnixFileMode(systemctl, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public static string Path => "/run/t-routing/stopping";

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        if (_made) Directory.Delete(Booted);
    }
}
