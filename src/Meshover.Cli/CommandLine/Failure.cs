using System.Net.Sockets;

namespace Meshover.Cli.CommandLine;

/// <summary>What the user sees of an exception.</summary>
internal static class Failure
{
    /// <summary>EROFS, as .NET passes it on.</summary>
    public const int ReadOnlyFileSystem = 30;

    /// <summary>One sentence (a line an error of the configuration); the stack trace only on demand. Returns the exit code.</summary>
    public static int Report(Exception failure, bool withTrace, TextWriter error)
    {
        var (message, exitCode) = Describe(failure);
        foreach (var line in message.Split('\n'))
            error.WriteLine($"meshover: {line.TrimEnd('\r')}");
        if (withTrace)
            error.WriteLine(failure);
        return exitCode;
    }

    private static (string Message, int ExitCode) Describe(Exception failure) => failure switch
    {
        CliException e => (e.Message, e.ExitCode),
        AggregateException several => (string.Join('\n', several.InnerExceptions.Select(e => Describe(e).Message)), ExitCode.Error),
        OperationCanceledException => ("Interrupted; run the same command again to finish.", ExitCode.Error),
        UnauthorizedAccessException e => ($"No permission: {e.Message} Run this as root.", ExitCode.Error),
        IOException { HResult: ReadOnlyFileSystem } =>
            ($"The system refused: {failure.Message.TrimEnd('.')}. A container whose root is read-only needs a volume or a tmpfs there (docs/guides/containers.md says which).", ExitCode.Error),
        IOException or SocketException => ($"The system refused: {failure.Message}", ExitCode.Error),
        _ when IsConfiguration(failure) => (failure.Message, ExitCode.Usage),
        _ when IsForUsers(failure) => (failure.Message, ExitCode.Error),
        _ => ($"This is a bug in meshover ({failure.GetType().Name}: {failure.Message}); report it with the output of --debug.",
            ExitCode.Error),
    };

    /// <summary>
    /// Our rooms' own operational exceptions are written for users. They are told by their namespace and not by their type, because the
    /// entry points of the data plane and of FRR's keeper come by here and must not reach the agent's types.
    /// </summary>
    private static bool IsForUsers(Exception failure) =>
        failure.GetType().Namespace?.StartsWith("Meshover.", StringComparison.Ordinal) == true;

    /// <summary>Settings that cannot be used are the user's to correct, like a wrong command line.</summary>
    private static bool IsConfiguration(Exception failure) =>
        IsForUsers(failure) && failure.GetType().Namespace!.EndsWith(".Configuration", StringComparison.Ordinal);
}
