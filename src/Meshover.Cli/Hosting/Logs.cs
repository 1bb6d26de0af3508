using Meshover.Telemetry.Logging;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Hosting;

/// <summary>How this program logs: to stderr, which is the journal, a log file or the terminal.</summary>
internal static class Logs
{
    public static ILoggerFactory Create(bool debug) => Create(debug ? LogLevel.Debug : LogLevel.Information);

    public static ILoggerFactory Create(LogLevel level) => LoggerFactory.Create(builder => builder.AddLines(toError: true, level));
}
