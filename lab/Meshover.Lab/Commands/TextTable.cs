using System.Text;

namespace Meshover.Lab.Commands;

/// <summary>A table of plain text: the first row is the heading, columns are as wide as they must be.</summary>
internal static class TextTable
{
    public static string Render(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Count).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            var line = string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])));
            text.AppendLine(line.TrimEnd());
        }
        return text.ToString();
    }
}
