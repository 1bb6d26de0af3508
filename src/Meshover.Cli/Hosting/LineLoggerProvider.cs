using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Hosting;

/// <summary>
/// One line an event, written at once (a process that is killed has said all it had to). Under systemd the line begins with the
/// level in the journal's form, elsewhere with the time (UTC).
/// </summary>
internal sealed class LineLoggerProvider(TextWriter output, bool forJournal, TimeProvider time) : ILoggerProvider
{
    private const string LineBreak = " | ";
    private readonly Lock _lock = new();

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose() => output.Flush();

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var line = new StringBuilder(forJournal ? JournalPrefix(level) : Prefix(level)).Append(category).Append(": ").Append(OneLine(message));
        if (exception is not null)
            line.Append(LineBreak).Append(OneLine(exception.ToString()));
        lock (_lock)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }

    // What FRR or nft said may have several.
    private static string OneLine(string text) => text.ReplaceLineEndings(LineBreak);

    private string Prefix(LogLevel level) =>
        time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z '", CultureInfo.InvariantCulture) + Word(level);

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Critical => "crit  ",
        LogLevel.Error => "error ",
        LogLevel.Warning => "warn  ",
        LogLevel.Information => "info  ",
        _ => "debug ",
    };

    /// <summary>sd-daemon(3): the level of syslog in angle brackets.</summary>
    private static string JournalPrefix(LogLevel level) => level switch
    {
        LogLevel.Critical => "<2>",
        LogLevel.Error => "<3>",
        LogLevel.Warning => "<4>",
        LogLevel.Information => "<6>",
        _ => "<7>",
    };

    private sealed class LineLogger(LineLoggerProvider provider, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            provider.Write(logLevel, category, formatter(state, exception), exception);
    }
}
