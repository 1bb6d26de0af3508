namespace Meshover.Cli.Services;

/// <summary>The unit files of deploy/systemd, which this program carries in itself.</summary>
internal static class UnitFile
{
    private const string PackagedExecutable = "/usr/bin/meshover";

    /// <param name="daemon">One of <see cref="Supervision.DaemonNames"/>.</param>
    /// <param name="executable">Path of the program to run, in the place of the packaged one.</param>
    public static string Render(string daemon, string executable)
    {
        using var stream = typeof(UnitFile).Assembly.GetManifestResourceStream(SystemdServices.UnitName(daemon))
            ?? throw new InvalidOperationException($"The unit of {daemon} is not built in.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace($"ExecStart={PackagedExecutable} ", $"ExecStart={executable} ", StringComparison.Ordinal);
    }
}
