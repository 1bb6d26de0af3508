using System.Globalization;
using System.Text.Json;
using Meshover.Lab;
using Spectre.Console;

namespace Meshover.Bench;

/// <summary>What was measured, as a table and as JSON.</summary>
internal static class Report
{
    // A terminal may be narrower, and a pipe has no width: figures that are broken over lines cannot be read.
    private const int Width = 180;

    /// <summary>What is measured beside others: of its figures the table tells how many times theirs they are. The first that is there.</summary>
    private static readonly string[] Compared = ["meshover+gre", "meshover"];

    // The program itself says as which build it runs here: figures of two builds cannot be compared.
    private static readonly Lazy<string> Engine = new(() => Programs.Output(LabPrograms.Meshover, "dataplane", "--probe"));

    /// <param name="measurements">In the order of the table.</param>
    /// <param name="note">What else must be known of the machine; may be empty.</param>
    public static void WriteTable(IReadOnlyList<Measurement> measurements, string note)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, Width);
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle($"{Machine(note)}: medians, smallest and largest below") };
        table.AddColumn("");
        var cases = Cases(measurements);
        foreach (var (name, unit) in cases)
            table.AddColumn(new TableColumn($"{name}\n{unit}").RightAligned());
        foreach (var subject in measurements.GroupBy(measurement => measurement.Subject))
            table.AddRow([subject.Key, .. cases.Select(one => Cell(subject.Where(m => m.Case == one.Name), '\n'))]);
        AnsiConsole.Write(table);
        var compared = Compared.FirstOrDefault(name => measurements.Any(measurement => measurement.Subject == name));
        if (compared is not null && measurements.Any(measurement => measurement.Subject != compared))
            AnsiConsole.Write(Ratios(measurements, cases, compared));
    }

    private static Table Ratios(IReadOnlyList<Measurement> measurements, List<(string Name, string Unit)> cases, string compared)
    {
        var subjects = measurements.GroupBy(measurement => measurement.Subject).ToDictionary(group => group.Key, StringComparer.Ordinal);
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle($"{compared}, times the median of") };
        table.AddColumn("");
        foreach (var (name, _) in cases)
            table.AddColumn(new TableColumn(name).RightAligned());
        foreach (var other in subjects.Where(other => other.Key != compared))
        {
            table.AddRow([other.Key, .. cases.Select(one =>
                Ratio(subjects[compared].Where(m => m.Case == one.Name).ToList(), other.Value.Where(m => m.Case == one.Name).ToList()))]);
        }
        return table;
    }

    private static string Ratio(List<Measurement> own, List<Measurement> others) => own.Count == 0 || others.Count == 0
        ? "-"
        : string.Create(CultureInfo.InvariantCulture, $"{Summary(own).Median / Summary(others).Median:0.00}");

    private static List<(string Name, string Unit)> Cases(IReadOnlyList<Measurement> measurements) =>
        [.. measurements.Select(measurement => (measurement.Case, measurement.Unit)).Distinct()];

    /// <summary>
    /// Puts the table of medians into a document, in place of what is between the lines <c>&lt;!-- NAME --&gt;</c> and
    /// <c>&lt;!-- end of NAME --&gt;</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The document has no such lines.</exception>
    public static async Task UpdateDocumentAsync(IReadOnlyList<Measurement> measurements, string path, string name, string note)
    {
        string first = $"<!-- {name} -->\n", last = $"<!-- end of {name} -->";
        var text = await File.ReadAllTextAsync(path);
        var (start, end) = (text.IndexOf(first, StringComparison.Ordinal), text.IndexOf(last, StringComparison.Ordinal));
        if (start < 0 || end < start)
            throw new InvalidOperationException($"{path} has no lines \"{first.Trim()}\" and \"{last}\" to put the table between.");
        await File.WriteAllTextAsync(path, $"{text[..(start + first.Length)]}{Markdown(measurements, note)}{text[end..]}");
    }

    private static string Markdown(IReadOnlyList<Measurement> measurements, string note)
    {
        var cases = Cases(measurements);
        var rounds = measurements.GroupBy(measurement => (measurement.Subject, measurement.Case)).Max(group => group.Count());
        var lines = new List<string>
        {
            $"{Machine(note)}; medians of {rounds} rounds, smallest and largest in parentheses.",
            "",
            $"| | {string.Join(" | ", cases.Select(one => $"{one.Name}, {one.Unit}"))} |",
            $"|---|{string.Concat(cases.Select(_ => "---:|"))}",
        };
        foreach (var subject in measurements.GroupBy(measurement => measurement.Subject))
            lines.Add($"| {subject.Key} | {string.Join(" | ", cases.Select(one => Cell(subject.Where(m => m.Case == one.Name), ' ')))} |");
        return string.Join('\n', lines) + "\n";
    }

    public static async Task WriteJsonAsync(IReadOnlyList<Measurement> measurements, string path, string note)
    {
        await using var stream = File.Create(path);
        await using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("machine", Machine(note));
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

    private static string Cell(IEnumerable<Measurement> measurements, char between)
    {
        if (!measurements.Any())
            return "-";
        var (median, minimum, maximum) = Summary(measurements);
        return string.Create(CultureInfo.InvariantCulture, $"{median:0.##}{between}({minimum:0.##}-{maximum:0.##})");
    }

    private static (double Median, double Minimum, double Maximum) Summary(IEnumerable<Measurement> measurements)
    {
        var values = measurements.Select(measurement => measurement.Value).Order().ToList();
        var middle = values.Count / 2;
        var median = values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
        return (median, values[0], values[^1]);
    }

    private static string Machine(string note)
    {
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        var model = line?.Split(": ")[^1];
        var kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return $"{model ?? "unknown processor"}, {Environment.ProcessorCount} cores, Linux {kernel}, {Engine.Value}{(note.Length > 0 ? $", {note}" : "")}";
    }
}
