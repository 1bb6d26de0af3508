using Microsoft.Extensions.Logging;

namespace Meshover.Telemetry.Logging;

/// <summary>What all programs log alike: which levels of whom, and in what form.</summary>
public static class Logs
{
    /// <param name="logging">Takes it.</param>
    /// <param name="output">Where lines go: the journal, a log file or the terminal.</param>
    /// <param name="level">From which on events are written. From <see cref="LogLevel.Debug"/> on none is withheld.</param>
    public static ILoggingBuilder AddLines(this ILoggingBuilder logging, TextWriter output, LogLevel level) => logging
        .SetMinimumLevel(level)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Grpc", LogLevel.Warning)
        .AddFilter("System", LogLevel.Warning)
        .AddProvider(new LineLoggerProvider(output, IsJournal, TimeProvider.System, isBounded: level > LogLevel.Debug));

    /// <summary>systemd.exec(5) sets it where the output is connected to the journal.</summary>
    private static bool IsJournal => Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };
}
