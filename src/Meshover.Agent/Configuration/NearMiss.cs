namespace Meshover.Agent.Configuration;

/// <summary>Finds what somebody probably meant.</summary>
internal static class NearMiss
{
    /// <summary>The candidate with the fewest edits, where that is at most a third of its length (and 1 at least); else null.</summary>
    public static string? Find(string written, IEnumerable<string> candidates)
    {
        var best = candidates
            .Select(c => (Name: c, Edits: Distance(written.ToLowerInvariant(), c.ToLowerInvariant())))
            .MinBy(c => c.Edits);
        return best.Name is not null && best.Edits <= Math.Max(1, best.Name.Length / 3) ? best.Name : null;
    }

    /// <summary>Levenshtein's distance, in one row.</summary>
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var substituted = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
