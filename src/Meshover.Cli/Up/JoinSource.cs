using Meshover.Cli.CommandLine;
using Meshover.Mesh.Trust;

namespace Meshover.Cli.Up;

/// <summary>Where a join string comes from: the argument itself, a file, stdin or a variable, as a process list shows arguments to everybody.</summary>
internal static class JoinSource
{
    public const string Variable = "MESHOVER_JOIN";

    /// <param name="argument">The join string, <c>@FILE</c>, <c>-</c> for stdin, or null.</param>
    /// <param name="variable">The content of <see cref="Variable"/>; used where there is no argument. It may name a file, too.</param>
    /// <param name="stdin">Read only when asked for.</param>
    /// <returns>Null where none was given.</returns>
    /// <exception cref="CliException">It cannot be read, or is no join string.</exception>
    public static JoinString? Read(string? argument, string? variable, TextReader stdin, CancellationToken cancellationToken)
    {
        var source = argument ?? (string.IsNullOrWhiteSpace(variable) ? null : variable.Trim());
        if (source is null)
            return null;
        return JoinString.TryParse(Text(source, stdin, cancellationToken), out var join, out var error) ? join : throw new CliException(error, ExitCode.Usage);
    }

    private static string Text(string source, TextReader stdin, CancellationToken cancellationToken) => source switch
    {
        "-" => ReadStdin(stdin, cancellationToken),
        ['@', .. var path] => ReadFile(path),
        _ => source,
    };

    // A terminal at which nobody types does not keep Ctrl-C from ending us; nothing was done yet.
    private static string ReadStdin(TextReader stdin, CancellationToken cancellationToken)
    {
        using var interrupted = cancellationToken.Register(() => Environment.Exit(ExitCode.Error));
        return stdin.ReadToEnd();
    }

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"The join string cannot be read from \"{path}\": {e.Message}", ExitCode.Usage, e);
        }
    }
}
