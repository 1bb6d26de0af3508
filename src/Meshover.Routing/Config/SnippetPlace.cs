using System.Collections.Immutable;

namespace Meshover.Routing.Config;

/// <summary>A place in the built-in templates where snippets add lines.</summary>
/// <param name="Name">As a snippet's file name has it: <c>10-mine.NAME.liquid</c>.</param>
/// <param name="Value">As a template has it: <c>{{ snippets.VALUE }}</c>, or <c>{{ n.snippets.VALUE }}</c> for each neighbour.</param>
/// <param name="Daemon">Whose template it is in.</param>
/// <param name="Indent">Of the lines there, in spaces.</param>
internal sealed record SnippetPlace(string Name, string Value, string Daemon, int Indent)
{
    /// <summary>Filled once.</summary>
    public static ImmutableArray<SnippetPlace> Common { get; } =
    [
        new("zebra", "zebra", "zebra", 0),
        new("bfd", "bfd", "bfdd", 1),
        new("global", "global", "bgpd", 0),
        new("map-in", "map_in", "bgpd", 1),
        new("map-out", "map_out", "bgpd", 1),
        new("bgp", "bgp", "bgpd", 1),
        new("ipv4", "ipv4", "bgpd", 2),
        new("ipv6", "ipv6", "bgpd", 2),
    ];

    /// <summary>Filled for each neighbour of the mesh, with the value <c>neighbor</c>. Another class of neighbours would have its own three.</summary>
    public static ImmutableArray<SnippetPlace> OfMeshNeighbors { get; } =
    [
        new("mesh", "bgp", "bgpd", 1),
        new("mesh-ipv4", "ipv4", "bgpd", 2),
        new("mesh-ipv6", "ipv6", "bgpd", 2),
    ];

    public static ImmutableArray<SnippetPlace> All { get; } = [.. Common, .. OfMeshNeighbors];

    /// <summary>The text with its own common indentation replaced by the place's, each line behind a newline: it is to stand at the end of a line.</summary>
    public string Fit(string text)
    {
        var lines = text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.TrimStart() is not ("" or ['!' or '#', ..])).ToList();
        var own = lines.Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty().Min();
        return string.Concat(lines.Select(line => $"\n{new string(' ', Indent)}{line[own..]}"));
    }
}
