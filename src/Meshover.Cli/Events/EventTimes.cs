using System.Globalization;
using Meshover.Cli.Administration;
using Meshover.Cli.CommandLine;

namespace Meshover.Cli.Events;

/// <summary>How users say since when.</summary>
internal static class EventTimes
{
    /// <param name="text">A duration before now, or a time; null: from the first.</param>
    /// <param name="now">The present.</param>
    /// <exception cref="CliException">It is neither.</exception>
    public static DateTimeOffset Since(string? text, DateTimeOffset now)
    {
        if (text is null)
            return DateTimeOffset.MinValue;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && text.Contains('-', StringComparison.Ordinal))
            return time;
        try
        {
            return now - TimeSpan.FromSeconds(AdminText.ReadDuration(text));
        }
        catch (CliException e)
        {
            throw new CliException($"--since \"{text}\" is neither a duration (10m, 2h, 1d) nor a time (2026-01-31T12:00:00Z).", ExitCode.Usage, e);
        }
    }
}
