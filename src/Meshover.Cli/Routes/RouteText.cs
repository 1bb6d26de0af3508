using System.Globalization;
using Meshover.Cli.CommandLine;
using Meshover.Mesh.Paths;
using Spectre.Console;

namespace Meshover.Cli.Routes;

/// <summary>A <see cref="RouteDocument"/> for people: the packet first, then why.</summary>
internal static class RouteText
{
    private const int Narrowest = 40;
    private const string Gap = "  ";
    private const string Below = "      ";

    /// <summary>Of an announcement.</summary>
    private const int MostWays = 8;

    /// <summary>A direct link that is as good as links can be: no more is to be told of it.</summary>
    private const uint Plain = 2 * LinkCost.Base;

    /// <summary>In a pipe each row is one line, for grep.</summary>
    public static void Write(RouteDocument route)
    {
        var width = Console.IsOutputRedirected ? int.MaxValue : Math.Max(Narrowest, AnsiConsole.Console.Profile.Width);
        foreach (var line in Lines(route, width))
            Console.Out.Write($"{line}\n");
    }

    /// <param name="route">What is told.</param>
    /// <param name="width">Columns. Where the reasons of a table do not fit beside its rows, they stand below them; what has no spaces is never broken.</param>
    public static IEnumerable<string> Lines(RouteDocument route, int width) => new IEnumerable<string>[]
    {
        [$"{route.From} -> {route.To} on {route.Node}", $"in       {route.In}", $"gathered {route.Gathered}", $"out      {route.Out}", ""],
        Table($"announced: {route.Prefix} and what overlaps it", ["prefix", "", "node", "here", "cost", "why"], [.. route.Announcements.Select(Cells)], width),
        Ways(route, width),
        Table("granted", ["prefix", "", "node", "up to", "name", ""], [.. route.Grants.Select(Cells)], width),
        Table("in the kernel", ["prefix", "", "kind", "set by", "table", "metric", "by"], [.. route.Kernel.Select(Cells)], width),
        route.More > 0 ? [$"and {route.More} more: ask for a longer prefix"] : [],
        route.Notes.SelectMany(note => Wrapped(note, "", "", width)),
    }.SelectMany(lines => lines).Select(Terminal.Safe);

    private static string[] Cells(RouteAnnouncement one) =>
    [
        one.Prefix, one.Match, one.Node, one.Role is null ? one.State : $"{one.State}, {one.Role}", one.Cost?.ToString(CultureInfo.InvariantCulture) ?? "",
        one.NextHops.IsEmpty ? one.Reason : $"By {string.Join(" or ", one.NextHops)}. {one.Reason}",
    ];

    private static string[] Cells(RouteHolder one) => [one.Prefix, one.Match, one.Node, $"/{one.MaxLength}", one.Name ?? "", one.Silent ?? ""];

    private static string[] Cells(RouteHeld one) => [one.Prefix, one.Match, one.Kind, one.Protocol, $"{one.Table}", $"{one.Metric}", string.Join(" or ", one.By)];

    /// <param name="titles">Of the columns. The last one is of text, which may be long, and is not padded.</param>
    private static IEnumerable<string> Table(string title, string[] titles, string[][] rows, int width)
    {
        if (rows.Length == 0)
            return [$"{title}: nothing", ""];
        int[] columns = [.. titles[..^1].Select((_, i) => rows.Append(titles).Max(row => row[i].Length))];
        var cells = columns.Sum(column => Gap.Length + column);
        var isBeside = rows.All(row => row[^1].Length <= width - cells - Gap.Length);
        string[] head = isBeside ? titles : [.. titles[..^1], ""];
        // Below its row a word of its own is what tells it from the row's others; reasons are sentences.
        var named = isBeside || titles[^1] is "why" or "" ? rows : [.. rows.Select(row => (string[])[.. row[..^1], row[^1].Length > 0 ? $"{titles[^1]} {row[^1]}" : ""])];
        return [title, .. named.Prepend(head).SelectMany(row => Row(row, columns, isBeside, width)), ""];
    }

    private static IEnumerable<string> Row(string[] row, int[] columns, bool isBeside, int width)
    {
        var cells = string.Concat(columns.Select((column, i) => Gap + row[i].PadRight(column)));
        return isBeside ? [$"{cells}{Gap}{row[^1]}".TrimEnd()] : [cells.TrimEnd(), .. Wrapped(row[^1], Below, Below, width)];
    }

    private static IEnumerable<string> Ways(RouteDocument route, int width)
    {
        string[] told = [.. route.Announcements.Where(one => one.Ways.Length > 1 || one.Ways.Any(way => way.Cost > Plain)).Select(one => $"{one.Prefix} of {one.Node}: {Ways(one)}")];
        return told.Length == 0 ? [] : ["ways to it, and what they cost (units of 0.1 ms)", .. told.SelectMany(ways => Wrapped(ways, Gap, Below, width)), ""];
    }

    /// <summary>They come with the used ones first, then the cheapest.</summary>
    private static string Ways(RouteAnnouncement one)
    {
        var told = string.Join("; ", one.Ways.Take(MostWays).Select(way => $"by {way.By}{Cost(way, one.Node)}, {way.Reason ?? "used"}"));
        return one.Ways.Length <= MostWays ? told : $"{told}; and {one.Ways.Length - MostWays} more{(one.Ways[MostWays].Cost is { } least ? $", from {least} on" : "")}";
    }

    private static string Cost(RouteWay way, string announcer) => way switch
    {
        { Cost: null } => "",
        { Link: null } => $" {way.Cost}",
        { Set: null } => $" {way.Cost} ({way.Link} to {way.By}{(way.Beyond > 0 ? $", {way.Beyond} beyond" : "")})",
        _ => $" {way.Cost} ({way.Link} to {way.By}{(way.By == announcer ? " itself" : $", {way.Beyond - way.Set} on to {announcer}")}{(way.Set > 0 ? $", {way.Set} set by {announcer}" : "")})",
    };

    /// <param name="text">Of words.</param>
    /// <param name="first">Before the first line.</param>
    /// <param name="indent">Before each further one.</param>
    /// <param name="width">Columns.</param>
    private static IEnumerable<string> Wrapped(string text, string first, string indent, int width)
    {
        var (line, start) = (first, first.Length);
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > start && line.Length + 1 + word.Length > width)
            {
                yield return line;
                (line, start) = (indent, indent.Length);
            }
            line += line.Length > start ? $" {word}" : word;
        }
        if (line.Length > start)
            yield return line;
    }
}
