using System.Buffers;

namespace Meshover.Cli.Services;

/// <summary>The unit files of deploy/systemd, which this program carries in itself.</summary>
internal static class UnitFile
{
    private static readonly SearchValues<char> Separators = SearchValues.Create(" \t\"'\\;");
    private const string PackagedExecutable = "/usr/bin/meshover";

    /// <param name="daemon">One of <see cref="Supervision.DaemonNames"/>.</param>
    /// <param name="executable">Path of the program to run, in the place of the packaged one.</param>
    public static string Render(string daemon, string executable)
    {
        using var stream = typeof(UnitFile).Assembly.GetManifestResourceStream(SystemdServices.UnitName(daemon))
            ?? throw new InvalidOperationException($"The unit of {daemon} is not built in.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace($"ExecStart={PackagedExecutable} ", $"ExecStart={Quoted(executable)} ", StringComparison.Ordinal);
    }

    /// <summary>As systemd.service(5), "Command lines", wants a path: it splits at blanks, and % begins a specifier.</summary>
    private static string Quoted(string path)
    {
        var escaped = path.Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal);
        return escaped.AsSpan().ContainsAny(Separators)
            ? $"\"{escaped.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""
            : escaped;
    }
}
