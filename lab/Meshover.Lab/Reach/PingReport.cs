using System.Collections.Immutable;

namespace Meshover.Lab.Reach;

/// <summary>What a steady ping saw.</summary>
/// <param name="Lost">When each lost echo was sent, from the start of the ping.</param>
/// <param name="LongestGap">From the first echo of the longest run of lost ones to the next that was answered (or the last sent).</param>
/// <param name="LongestRoundTrip">Of those that were answered: packets that waited for seconds in a queue are none that were lost.</param>
public sealed record PingReport(string Name, int Sent, ImmutableArray<TimeSpan> Lost, TimeSpan LongestGap, TimeSpan LongestRoundTrip)
{
    internal static PingReport Of(string name, IReadOnlyList<(TimeSpan At, TimeSpan? RoundTrip)> echoes)
    {
        var longest = TimeSpan.Zero;
        TimeSpan? since = null;
        foreach (var (at, roundTrip) in echoes)
        {
            if (roundTrip is null) since ??= at;
            if (since is { } start && at - start > longest) longest = at - start;
            if (roundTrip is not null) since = null;
        }
        return new PingReport(name, echoes.Count, [.. echoes.Where(echo => echo.RoundTrip is null).Select(echo => echo.At)], longest,
            echoes.Max(echo => echo.RoundTrip) ?? TimeSpan.Zero);
    }

    public override string ToString() =>
        $"{Name}: {Lost.Length} of {Sent} lost, longest round trip {LongestRoundTrip.TotalMilliseconds:0} ms" + (Lost.IsEmpty ? "" : $", longest gap {LongestGap.TotalSeconds:0.00} s, lost at {string.Join(' ', Lost.Take(12).Select(at => $"{at.TotalSeconds:0.00}"))} s");
}
