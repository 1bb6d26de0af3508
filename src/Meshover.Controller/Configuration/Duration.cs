using System.Globalization;

namespace Meshover.Controller.Configuration;

/// <summary>Durations as people write them: a whole number and s, m, h or d.</summary>
internal static class Duration
{
    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return false;
        var seconds = text[^1] switch { 's' => 1L, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (seconds == 0 || count * seconds > (long)TimeSpan.MaxValue.TotalSeconds)
            return false;
        value = TimeSpan.FromSeconds(count * seconds);
        return true;
    }

    public static string Format(TimeSpan value) => (long)value.TotalSeconds switch
    {
        var s when s != 0 && s % 86400 == 0 => $"{s / 86400}d",
        var s when s != 0 && s % 3600 == 0 => $"{s / 3600}h",
        var s when s != 0 && s % 60 == 0 => $"{s / 60}m",
        var s => $"{s}s",
    };
}
