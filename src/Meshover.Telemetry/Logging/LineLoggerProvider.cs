using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Meshover.Telemetry.Logging;

/// <summary>
/// One line an event, written at once (a process that is killed has said all it had to): the event's id, which is stable (docs/logs.md), and what it says. Under
/// systemd the line begins with the level in the journal's form, elsewhere with the time (UTC). The same event again and again is counted (<see cref="EventGate"/>).
/// </summary>
public sealed class LineLoggerProvider : ILoggerProvider
{
    private const string LineBreak = " | ";
    private const string MethodPrefix = "Log";

    private readonly TextWriter _output;
    private readonly bool _forJournal;
    private readonly TimeProvider _time;
    private readonly EventGate? _gate;
    private readonly IReadOnlyCollection<string> _paced;
    private readonly Dictionary<string, (LogLevel Level, string Id)> _withheld = new(StringComparer.Ordinal);
    private readonly ITimer _tell;
    private readonly Lock _lock = new();
    private bool _isTellingDue;

    /// <param name="output">Where lines go.</param>
    /// <param name="forJournal">In the journal's form.</param>
    /// <param name="time">Of the lines.</param>
    /// <param name="isBounded">The same event is counted from some point on; who looks for a fault in detail wants all.</param>
    /// <param name="paced">Ids of events that keep a pace of their own, and say themselves how many were not told.</param>
    public LineLoggerProvider(TextWriter output, bool forJournal, TimeProvider time, bool isBounded = true, params IReadOnlyCollection<string> paced)
    {
        _paced = paced;
        (_output, _forJournal, _time, _gate) = (output, forJournal, time, isBounded ? new EventGate(time) : null);
        _tell = time.CreateTimer(_ => TellWithheld(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
        _tell.Dispose();
        if (_gate is not null)
            TellWithheld(all: true);
        _output.Flush();
    }

    /// <summary>
    /// Such as <c>NamesDaemon.Listening</c>: the class that says it, and the name of the event, which is that of the method that logs it
    /// ([LoggerMessage]) without its prefix.
    /// </summary>
    /// <param name="category">Without its namespace.</param>
    /// <param name="name">Of the event; null: it has none.</param>
    public static string IdOf(string category, string? name) => name switch
    {
        null or "" => category,
        _ when name.StartsWith(MethodPrefix, StringComparison.Ordinal) && name.Length > MethodPrefix.Length => $"{category}.{name[MethodPrefix.Length..]}",
        _ => $"{category}.{name}",
    };

    private void Log(LogLevel level, string id, string message, Exception? exception)
    {
        var isFirstWithheld = false;
        // An event that is no fault must not hide one of the same class.
        var key = $"{id} {level}";
        if (_gate is null || _paced.Contains(id) || _gate.Passes(key, out isFirstWithheld))
        {
            Write(level, id, exception is null ? OneLine(message) : $"{OneLine(message)}{LineBreak}{OneLine(exception.ToString())}");
            return;
        }
        if (!isFirstWithheld)
            return;
        lock (_lock)
            _withheld[key] = (level, id);
        TellIn(EventGate.Window);
    }

    /// <summary>Others that are withheld meanwhile do not put it off.</summary>
    private void TellIn(TimeSpan wait)
    {
        lock (_lock)
        {
            if (!_isTellingDue)
                _tell.Change(wait, Timeout.InfiniteTimeSpan);
            _isTellingDue = true;
        }
    }

    private void TellWithheld(bool all = false)
    {
        // Before that is looked at: who is withheld from here on asks for it anew.
        lock (_lock)
            _isTellingDue = false;
        var withheld = _gate!.TakeWithheld(all, out var left);
        foreach (var (key, count) in withheld)
        {
            (LogLevel level, string id) = (LogLevel.Information, key);
            lock (_lock)
                (level, id) = _withheld.GetValueOrDefault(key, (level, id));
            Write(level, id, string.Create(CultureInfo.InvariantCulture, $"{count} more of these were not written"));
        }
        if (left && !all)
            TellIn(EventGate.Window / 4);
    }

    private void Write(LogLevel level, string id, string text)
    {
        var line = new StringBuilder(_forJournal ? JournalPrefix(level) : Prefix(level)).Append(id).Append(": ").Append(text);
        lock (_lock)
        {
            _output.WriteLine(line);
            _output.Flush();
        }
    }

    // What FRR or nft said may have several.
    private static string OneLine(string text) => text.ReplaceLineEndings(LineBreak);

    private string Prefix(LogLevel level) =>
        _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z '", CultureInfo.InvariantCulture) + Word(level);

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
            provider.Log(logLevel, IdOf(category, eventId.Name), formatter(state, exception), exception);
    }
}
