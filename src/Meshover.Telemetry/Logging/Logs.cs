using Microsoft.Extensions.Logging;

namespace Meshover.Telemetry.Logging;

/// <summary>What all programs log alike: which levels of whom, and in what form.</summary>
public static class Logs
{
    /// <param name="logging">Takes it.</param>
    /// <param name="toError">To standard error: the journal, a log file or the terminal; else to standard output.</param>
    /// <param name="level">From which on events are written. From <see cref="LogLevel.Debug"/> on none is withheld.</param>
    /// <param name="paced">Ids of events that keep a pace of their own.</param>
    public static ILoggingBuilder AddLines(this ILoggingBuilder logging, bool toError, LogLevel level, params IReadOnlyCollection<string> paced) => logging
        .SetMinimumLevel(level)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Grpc", LogLevel.Warning)
        .AddFilter("System", LogLevel.Warning)
        .AddProvider(new LineLoggerProvider(toError ? Console.Error : Console.Out, IsJournal(toError ? 2 : 1), TimeProvider.System, isBounded: level > LogLevel.Debug, paced));

    /// <summary>systemd.exec(5): the device and inode of the journal's socket, which children inherit whatever their output is.</summary>
    private static bool IsJournal(int descriptor)
    {
        try
        {
            return Environment.GetEnvironmentVariable("JOURNAL_STREAM")?.Split(':') is [_, var inode] && new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget == $"socket:[{inode}]";
        }
        catch (IOException)
        {
            return false;
        }
    }
}
