using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Hosting;

/// <summary>How this program logs: to stderr, which is the journal, a log file or the terminal.</summary>
internal static class Logs
{
    public static ILoggerFactory Create(bool debug) => Create(debug ? LogLevel.Debug : LogLevel.Information);

    public static ILoggerFactory Create(LogLevel level) => LoggerFactory.Create(builder => builder
        .SetMinimumLevel(level)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Grpc", LogLevel.Warning)
        .AddFilter("System", LogLevel.Warning)
        .AddProvider(new LineLoggerProvider(Console.Error, IsJournal, TimeProvider.System)));

    /// <summary>systemd.exec(5) sets it where stderr is connected to the journal.</summary>
    private static bool IsJournal => Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };
}
