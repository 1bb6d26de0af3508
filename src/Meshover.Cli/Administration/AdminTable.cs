using Meshover.Cli.CommandLine;
using Spectre.Console;

namespace Meshover.Cli.Administration;

/// <summary>Tables for people.</summary>
internal static class AdminTable
{
    // A cell that is wrapped or cut is no use to anybody, nor to grep; what is too long for a terminal it wraps itself.
    private const int Unbounded = 400;

    public static void Write(string[] titles, IEnumerable<string[]> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var title in titles)
            table.AddColumn(new TableColumn(title).NoWrap());
        foreach (var row in rows)
            table.AddRow([.. row.Select(cell => new Text(Terminal.Safe(cell)))]);
        Write(table, Unbounded);
    }

    /// <summary>Long values are wrapped within their column, but not in a pipe.</summary>
    public static void WriteFields(IEnumerable<(string Name, string Value)> fields)
    {
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        foreach (var (name, value) in fields)
            table.AddRow(new Text(name), new Text(value.Length == 0 ? "-" : Terminal.Safe(value)));
        Write(table, Console.IsOutputRedirected ? Unbounded : AnsiConsole.Console.Profile.Width);
    }

    private static void Write(Table table, int width)
    {
        var console = AnsiConsole.Console;
        console.Profile.Width = width;
        console.Write(table);
        Terminal.LeaveKeypadMode(console);
    }
}
