using System.Globalization;

namespace Meshover.UnitTests.Metrics;

/// <summary>Reads what was scraped: each sample by its name and labels, as they are written.</summary>
internal static class Scrape
{
    public static Dictionary<string, double> Parse(string page) => page.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => line[0] != '#')
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>Of the metrics, as their TYPE lines have them.</summary>
    public static IEnumerable<string> Names(string page) => page.Split('\n')
        .Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]);
}
