using System.Collections.Immutable;
using System.Globalization;
using Meshover.Agent.Announcing.Declared.Checks;
using Meshover.Agent.Configuration;
using YamlDotNet.RepresentationModel;

namespace Meshover.Agent.Announcing.Declared;

/// <summary>Understands the setting <c>announcements</c>, and what `meshover announce` says; goes on past an error, so that all are told.</summary>
public static class AnnouncementReader
{
    /// <summary>More are a table's or an interface's business: each has a check of its own.</summary>
    public const int Most = 64;

    private static readonly ImmutableArray<(string, AnnounceMode)> ModeNames =
        [("plain", AnnounceMode.Plain), ("anycast", AnnounceMode.Anycast), ("active-standby", AnnounceMode.ActiveStandby)];

    private static readonly ImmutableArray<(string, bool)> BooleanNames = [("true", true), ("false", false)];
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100), LongestInterval = TimeSpan.FromHours(1), LongestDefaultTimeout = TimeSpan.FromSeconds(1);

    /// <param name="texts">A mapping of YAML each.</param>
    /// <exception cref="FormatException">Anything that cannot be used.</exception>
    public static ImmutableArray<DeclaredAnnouncement> Read(ImmutableArray<string> texts)
    {
        var errors = new List<string>();
        ImmutableArray<DeclaredAnnouncement> read = [.. texts.Select((text, i) => ReadOne(text, $"announcements[{i}]", errors)).OfType<DeclaredAnnouncement>()];
        foreach (var twice in read.GroupBy(one => one.Prefix).Where(group => group.Count() > 1))
            errors.Add($"announcements: {twice.Key} is there twice; keep one.");
        if (texts.Length > Most)
            errors.Add($"announcements: {texts.Length} are too many, a node takes at most {Most}; announce a table or an interface instead (announce-tables, announce-interfaces).");
        return errors.Count == 0 ? read : throw new FormatException(string.Join(" ", errors));
    }

    /// <exception cref="FormatException">It cannot be used: why, and what to write.</exception>
    public static DeclaredAnnouncement ReadOne(string text)
    {
        var errors = new List<string>();
        var read = ReadOne(text, "", errors);
        return errors.Count == 0 ? read! : throw new FormatException(string.Join(" ", errors));
    }

    /// <returns>Seconds; 0: no end.</returns>
    /// <exception cref="FormatException">It cannot be used: why, and what to write.</exception>
    public static long Lifetime(string? text)
    {
        if (text is null)
            return 0;
        return SettingText.Duration(text) is { } life ? (long)life.TotalSeconds : throw new FormatException("for: 0 is no time; leave it out for no end.");
    }

    private static DeclaredAnnouncement? ReadOne(string text, string path, List<string> errors)
    {
        if (AgentConfigFile.Mapping(text) is not { } keys)
        {
            errors.Add($"{path}: keys with values are expected here, like {{prefix: 10.9.0.1/32, check: 'tcp:127.0.0.1:53', mode: anycast}}.");
            return null;
        }
        var (read, named, before) = (new DeclaredAnnouncement(default(System.Net.IPNetwork)), new HashSet<string>(StringComparer.Ordinal), errors.Count);
        foreach (var (key, value) in keys.Children)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            named.Add(name);
            read = ReadKey(name, value, path, read, errors);
        }
        if (errors.Count == before)
            errors.AddRange(Contradictions(read, named).Select(wrong => path.Length > 0 ? $"{path}: {wrong}" : wrong));
        if (errors.Count > before)
            return null;
        return named.Contains("timeout") ? read : read with { Timeout = read.Interval / 2 < LongestDefaultTimeout ? read.Interval / 2 : LongestDefaultTimeout };
    }

    private static DeclaredAnnouncement ReadKey(string name, YamlNode value, string path, DeclaredAnnouncement read, List<string> errors)
    {
        try
        {
            if (AgentConfigFile.Values(value) is not [var text])
                throw new FormatException("it takes one value.");
            return name switch
            {
                "prefix" => read with { Prefix = Prefix(text) },
                "check" => read with { Check = CheckTarget.Parse(text) },
                "interval" => read with { Interval = Time(text, ShortestInterval, LongestInterval) },
                "timeout" => read with { Timeout = Time(text, TimeSpan.FromMilliseconds(10), LongestInterval) },
                "rise" => read with { Rise = Count(text) },
                "fall" => read with { Fall = Count(text) },
                "mode" => read with { Mode = SettingText.Choice(text, ModeNames) },
                "priority" => read with { Priority = SettingText.GatherPriority(text) },
                "address" => read with { HoldsAddress = SettingText.Choice(text, BooleanNames) },
                _ => throw new FormatException("there is no such key; the keys are prefix, check, interval, timeout, rise, fall, mode, priority, address."),
            };
        }
        catch (FormatException e)
        {
            errors.Add($"{(path.Length > 0 ? $"{path}." : "")}{name}: {e.Message}");
            return read;
        }
    }

    private static readonly string[] OfChecks = ["interval", "timeout", "rise", "fall"];

    private static IEnumerable<string> Contradictions(DeclaredAnnouncement read, HashSet<string> named)
    {
        if (!named.Contains("prefix"))
            yield return "prefix: it is missing; write what is to be announced, such as 10.9.0.1/32.";
        if (read.Interval < read.Timeout && named.Contains("timeout"))
            yield return $"timeout: a check may not take longer ({Words(read.Timeout)}) than the time until the next ({Words(read.Interval)}); write a smaller timeout or a greater interval.";
        if (read.Check is null && OfChecks.Where(named.Contains).ToList() is [var idle, ..])
            yield return $"{idle}: there is no check that it could be of; write a check, too, or leave it out.";
        if (read.Mode != AnnounceMode.ActiveStandby && named.Contains("priority"))
            yield return "priority: it decides between nodes of mode active-standby alone; write that mode, too, or leave it out.";
    }

    /// <summary>An address without a length is a host's.</summary>
    /// <exception cref="FormatException">It is no prefix that could be announced.</exception>
    internal static System.Net.IPNetwork Prefix(string text) => SettingText.Prefix(text.Contains('/', StringComparison.Ordinal) ? text : $"{text}{(text.Contains(':', StringComparison.Ordinal) ? "/128" : "/32")}") is { PrefixLength: > 0 } prefix
        ? prefix
        : throw new FormatException($"\"{text}\" is everything; a default route is announced by the setting announce.");

    private static int Count(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 100
        ? count
        : throw new FormatException($"\"{text}\" is not a number of checks; write one from 1 to 100.");

    private static TimeSpan Time(string text, TimeSpan least, TimeSpan most)
    {
        var isMilliseconds = text.EndsWith("ms", StringComparison.Ordinal);
        TimeSpan? time = isMilliseconds && int.TryParse(text.AsSpan(0, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? TimeSpan.FromMilliseconds(count)
            : isMilliseconds ? null : SettingText.Duration(text);
        return time is { } read && read >= least && read <= most
            ? read
            : throw new FormatException($"\"{text}\" is not between {Words(least)} and {Words(most)}; write it like 500ms, 2s or 1m.");
    }

    internal static string Words(TimeSpan time) => time switch
    {
        { TotalHours: >= 1 } when time.Ticks % TimeSpan.TicksPerHour == 0 => $"{time.TotalHours:0}h",
        { TotalSeconds: >= 1 } when time.Ticks % TimeSpan.TicksPerSecond == 0 => $"{time.TotalSeconds:0}s",
        _ => $"{time.TotalMilliseconds:0}ms",
    };
}
