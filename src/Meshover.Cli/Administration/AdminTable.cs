using Spectre.Console;

namespace Meshover.Cli.Administration;

/// <summary>Tables for people.</summary>
internal static class AdminTable
{
    // A pipe has no width of its own, and a wrapped row is no use to grep.
    private const int PipeWidth = 400;

    public static void Write(string[] titles, IEnumerable<string[]> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var title in titles)
            table.AddColumn(new TableColumn(title).NoWrap());
        foreach (var row in rows)
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        Console().Write(table);
    }

    public static void WriteFields(IEnumerable<(string Name, string Value)> fields)
    {
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        foreach (var (name, value) in fields)
            table.AddRow(new Text(name), new Text(value.Length == 0 ? "-" : value));
        Console().Write(table);
    }

    private static IAnsiConsole Console()
    {
        var console = AnsiConsole.Console;
        if (System.Console.IsOutputRedirected)
            console.Profile.Width = PipeWidth;
        return console;
    }
}
