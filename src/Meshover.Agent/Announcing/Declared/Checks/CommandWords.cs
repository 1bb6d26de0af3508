using System.Text;

namespace Meshover.Agent.Announcing.Declared.Checks;

/// <summary>A command as it is written: words between spaces, those in quotes as they are. No shell has a part in it.</summary>
internal static class CommandWords
{
    private const string StandardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <exception cref="FormatException">A quote is not closed.</exception>
    public static List<string> Split(string text)
    {
        var (words, word, quote) = (new List<string>(), (StringBuilder?)null, '\0');
        foreach (var c in text)
        {
            if (quote == c)
            {
                quote = '\0';
            }
            else if (quote != '\0' || c is not (' ' or '\t' or '\'' or '"'))
            {
                (word ??= new StringBuilder()).Append(c);
            }
            else if (c is '\'' or '"')
            {
                (quote, word) = (c, word ?? new StringBuilder());
            }
            else if (word is not null)
            {
                words.Add(word.ToString());
                word = null;
            }
        }
        if (quote != '\0')
            throw new FormatException($"a quote ({quote}) is not closed in \"{text}\".");
        if (word is not null)
            words.Add(word.ToString());
        return words;
    }

    /// <summary>The program's path; null: there is none that could be run.</summary>
    public static string? Find(string program) => program.Contains('/', StringComparison.Ordinal)
        ? IsProgram(program) ? program : null
        : (Environment.GetEnvironmentVariable("PATH") ?? StandardPath).Split(':').Where(directory => directory.StartsWith('/')).Select(directory => Path.Combine(directory, program)).FirstOrDefault(IsProgram);

    private static bool IsProgram(string path) => path.StartsWith('/') && File.Exists(path) && (File.GetUnixFileMode(path) & Executable) != UnixFileMode.None;
}
