using System.Buffers;

namespace Meshover.Cli.Services;

/// <summary>The unit files of deploy/systemd, which this program carries in itself.</summary>
internal static class UnitFile
{
    private static readonly SearchValues<char> Separators = SearchValues.Create(" \t\"'\\;");
    private const string PackagedExecutable = "/usr/bin/meshover";
    private const string Mark = "# Written by `meshover up`; `meshover down` removes it.\n";
    private const string Start = "ExecStart=";

    /// <param name="daemon">One of <see cref="Supervision.DaemonNames"/>.</param>
    /// <param name="executable">Path of the program to run, in the place of the packaged one.</param>
    public static string Render(string daemon, string executable)
    {
        using var stream = typeof(UnitFile).Assembly.GetManifestResourceStream(SystemdServices.UnitName(daemon))
            ?? throw new InvalidOperationException($"The unit of {daemon} is not built in.");
        using var reader = new StreamReader(stream);
        return Mark + reader.ReadToEnd().Replace($"{Start}{PackagedExecutable} ", $"{Start}{Quoted(executable)} ", StringComparison.Ordinal);
    }

    /// <summary>Whether `up` wrote this unit, which then may go; an administrator's own stays.</summary>
    public static bool IsOurs(string text, string daemon) => text.StartsWith(Mark, StringComparison.Ordinal) || IsOfAFormerRelease(text, daemon);

    /// <summary>Those had no mark: what is like it but for the program is one.</summary>
    private static bool IsOfAFormerRelease(string text, string daemon) =>
        Array.Find(text.Split('\n'), line => line.StartsWith(Start, StringComparison.Ordinal) && line.EndsWith($" {daemon}", StringComparison.Ordinal)) is { } start
        && text.Replace(start, $"{Start}{PackagedExecutable} {daemon}", StringComparison.Ordinal) == Render(daemon, PackagedExecutable)[Mark.Length..];

    /// <summary>As systemd.service(5), "Command lines", wants a path: it splits at blanks, and % begins a specifier.</summary>
    private static string Quoted(string path)
    {
        var escaped = path.Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal);
        return escaped.AsSpan().ContainsAny(Separators)
            ? $"\"{escaped.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""
            : escaped;
    }
}
