namespace Meshover.Lab.Meshes;

/// <summary>The end of a log file, for the message of a failure.</summary>
internal static class LogTail
{
    internal static string Of(string path, int lines = 15) =>
        File.Exists(path) ? $"the end of {path}:\n  {string.Join("\n  ", File.ReadLines(path).TakeLast(lines))}" : $"there is no {path}";
}
