using System.Collections.Immutable;

namespace Meshover.Lab.Reach;

/// <summary>What a steady ping saw.</summary>
/// <param name="Lost">When each lost echo was sent, from the start of the ping.</param>
/// <param name="LongestGap">From the first echo of the longest run of lost ones to the next that was answered (or the last sent).</param>
public sealed record PingReport(string Name, int Sent, ImmutableArray<TimeSpan> Lost, TimeSpan LongestGap)
{
    internal static PingReport Of(string name, IReadOnlyList<(TimeSpan At, bool Answered)> echoes)
    {
        var longest = TimeSpan.Zero;
        TimeSpan? since = null;
        foreach (var (at, answered) in echoes)
        {
            if (!answered) since ??= at;
            if (since is { } start && at - start > longest) longest = at - start;
            if (answered) since = null;
        }
        return new PingReport(name, echoes.Count, [.. echoes.Where(echo => !echo.Answered).Select(echo => echo.At)], longest);
    }

    public override string ToString() =>
        $"{Name}: {Lost.Length} of {Sent} lost" + (Lost.IsEmpty ? "" : $", longest gap {LongestGap.TotalSeconds:0.00} s, lost at {string.Join(' ', Lost.Take(12).Select(at => $"{at.TotalSeconds:0.00}"))} s");
}
