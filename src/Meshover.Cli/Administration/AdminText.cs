using System.Globalization;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;

namespace Meshover.Cli.Administration;

/// <summary>What administrators write and read.</summary>
internal static class AdminText
{
    private const uint Unlimited = uint.MaxValue;

    /// <summary>Seconds; 0 where nothing is given, which is the controller's default.</summary>
    /// <exception cref="CliException">No duration.</exception>
    public static long ReadDuration(string? text)
    {
        if (text is null)
            return 0;
        var unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1L, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (unit != 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
            return count * unit;
        throw new CliException($"\"{text}\" is not a duration: write 30s, 15m, 24h or 7d.", ExitCode.Usage);
    }

    /// <exception cref="CliException">No number from 1, nor "unlimited".</exception>
    public static uint ReadUses(string? text)
    {
        if (text is null)
            return 0;
        if (text == "unlimited")
            return Unlimited;
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var uses) && uses is > 0 and < Unlimited
            ? uses
            : throw new CliException($"\"{text}\" is not a number of uses: write a number from 1, or unlimited.", ExitCode.Usage);
    }

    /// <summary>PREFIX or PREFIX,MAXLENGTH; the controller checks the prefix.</summary>
    /// <exception cref="CliException">The length is no number.</exception>
    public static RouteGrant ReadGrant(string text)
    {
        if (text.Split(',') is not [var prefix, var length])
            return new RouteGrant { Prefix = text };
        return uint.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var longest)
            ? new RouteGrant { Prefix = prefix, MaxLength = longest }
            : throw new CliException($"\"{text}\" is not a grant: write PREFIX or PREFIX,MAXLENGTH, e.g. 10.64.0.0/16,24.", ExitCode.Usage);
    }

    public static string WriteGrant(RouteGrant grant) =>
        grant.Prefix.EndsWith($"/{grant.MaxLength}", StringComparison.Ordinal) ? grant.Prefix : $"{grant.Prefix},{grant.MaxLength}";

    public static uint? Uses(uint uses) => uses == Unlimited ? null : uses;

    public static DateTimeOffset Time(long unixSeconds) => DateTimeOffset.FromUnixTimeSeconds(unixSeconds);
}
