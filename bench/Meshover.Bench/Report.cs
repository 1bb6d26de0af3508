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
        var (median, minimum, maximum) = Summary(measurements);
        return string.Create(CultureInfo.InvariantCulture, $"{median:0.00} ({minimum:0.00} - {maximum:0.00})");
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
