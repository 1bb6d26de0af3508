using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Meshover.Bench;

/// <summary>What was measured, as a table and as JSON.</summary>
internal static class Report
{
    public static void WriteTable(IReadOnlyList<Measurement> measurements)
    {
        var subjects = measurements.Select(measurement => measurement.Subject).Distinct().ToList();
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle("medians (smallest - largest)") };
        table.AddColumn("");
        foreach (var subject in subjects)
            table.AddColumn(new TableColumn(subject).RightAligned());
        foreach (var name in measurements.GroupBy(measurement => (measurement.Case, measurement.Unit)))
        {
            var cells = subjects.Select(subject => Cell(name.Where(one => one.Subject == subject)));
            table.AddRow([$"{name.Key.Case}, {name.Key.Unit}", .. cells]);
        }
        AnsiConsole.Write(table);
        foreach (var subject in subjects.Where(subject => subject.StartsWith("meshover", StringComparison.Ordinal)))
            WriteRatios(measurements, subject, subjects);
    }

    private static void WriteRatios(IReadOnlyList<Measurement> measurements, string subject, List<string> subjects)
    {
        foreach (var other in subjects.Where(other => other != subject))
        {
            var ratios = measurements.GroupBy(measurement => measurement.Case).Select(one => (
                Case: one.Key, Own: one.Where(m => m.Subject == subject).ToList(), Others: one.Where(m => m.Subject == other).ToList()));
            var texts = ratios.Where(one => one.Own.Count > 0 && one.Others.Count > 0).Select(one =>
                string.Create(CultureInfo.InvariantCulture, $"{one.Case} {Summary(one.Own).Median / Summary(one.Others).Median:0.00}"));
            AnsiConsole.MarkupLineInterpolated($"{subject} : {other}  {string.Join("  ", texts)}");
        }
    }

    /// <summary>
    /// Puts the table of medians into a document, in place of what is between the lines <c>&lt;!-- NAME --&gt;</c> and
    /// <c>&lt;!-- end of NAME --&gt;</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The document has no such lines.</exception>
    public static async Task UpdateDocumentAsync(IReadOnlyList<Measurement> measurements, string path, string name)
    {
        string first = $"<!-- {name} -->\n", last = $"<!-- end of {name} -->";
        var text = await File.ReadAllTextAsync(path);
        var (start, end) = (text.IndexOf(first, StringComparison.Ordinal), text.IndexOf(last, StringComparison.Ordinal));
        if (start < 0 || end < start)
            throw new InvalidOperationException($"{path} has no lines \"{first.Trim()}\" and \"{last}\" to put the table between.");
        await File.WriteAllTextAsync(path, $"{text[..(start + first.Length)]}{Markdown(measurements)}{text[end..]}");
    }

    private static string Markdown(IReadOnlyList<Measurement> measurements)
    {
        var subjects = measurements.Select(measurement => measurement.Subject).Distinct().ToList();
        var rounds = measurements.GroupBy(measurement => (measurement.Subject, measurement.Case)).Max(group => group.Count());
        var lines = new List<string>
        {
            $"{Machine()}; medians of {rounds} rounds, smallest and largest in parentheses.",
            "",
            $"| | {string.Join(" | ", subjects)} |",
            $"|---|{string.Concat(subjects.Select(_ => "---:|"))}",
        };
        foreach (var name in measurements.GroupBy(measurement => (measurement.Case, measurement.Unit)))
        {
            var cells = subjects.Select(subject => Cell(name.Where(one => one.Subject == subject)));
            lines.Add($"| {name.Key.Case}, {name.Key.Unit} | {string.Join(" | ", cells)} |");
        }
        return string.Join('\n', lines) + "\n";
    }

    public static async Task WriteJsonAsync(IReadOnlyList<Measurement> measurements, string path)
    {
        await using var stream = File.Create(path);
        await using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("machine", Machine());
        json.WriteStartArray("rows");
        foreach (var group in measurements.GroupBy(measurement => (measurement.Subject, measurement.Case, measurement.Unit)))
        {
            var (median, minimum, maximum) = Summary(group);
            json.WriteStartObject();
            json.WriteString("subject", group.Key.Subject);
            json.WriteString("case", group.Key.Case);
            json.WriteString("unit", group.Key.Unit);
            json.WriteNumber("median", Math.Round(median, 3));
            json.WriteNumber("min", Math.Round(minimum, 3));
            json.WriteNumber("max", Math.Round(maximum, 3));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Cell(IEnumerable<Measurement> measurements)
    {
        if (!measurements.Any())
            return "-";
        var (median, minimum, maximum) = Summary(measurements);
        return string.Create(CultureInfo.InvariantCulture, $"{median:0.##} ({minimum:0.##} - {maximum:0.##})");
    }

    private static (double Median, double Minimum, double Maximum) Summary(IEnumerable<Measurement> measurements)
    {
        var values = measurements.Select(measurement => measurement.Value).Order().ToList();
        var middle = values.Count / 2;
        var median = values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
        return (median, values[0], values[^1]);
    }

    private static string Machine()
    {
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        var model = line?.Split(": ")[^1];
        var kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return $"{model ?? "unknown processor"}, {Environment.ProcessorCount} cores, Linux {kernel}";
    }
}
