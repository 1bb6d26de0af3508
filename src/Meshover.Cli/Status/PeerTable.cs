using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Meshover.Cli.CommandLine;
using Spectre.Console;

namespace Meshover.Cli.Status;

/// <summary>The peers for people. On a narrow terminal the columns that matter least are left out: a wrapped table is read by nobody.</summary>
internal static class PeerTable
{
    // Of the border that is used: three characters beside each column, and one.
    private const int Spacing = 3;

    private const int MostInTable = 100;

    /// <param name="Title">Its head.</param>
    /// <param name="Importance">The least important is left out first; <see cref="Always"/> never.</param>
    /// <param name="Cell">What it says of a peer.</param>
    private sealed record Column(string Title, int Importance, Func<PeerSection, string> Cell);

    private const int Always = int.MaxValue;

    private static readonly ImmutableArray<Column> All =
    [
        new("peer", Always, Name),
        new("address", 4, peer => peer.Address4),
        new("path", Always, peer => peer.Draining ? $"{peer.Path}, draining" : peer.Path),
        new("endpoint", 7, peer => peer.Endpoint ?? "-"),
        new("handshake", 3, peer => peer.HandshakeAgeSeconds is { } age ? StatusTable.Age(age) : "never"),
        new("rtt", 6, peer => peer.RttMs is { } rtt ? string.Create(CultureInfo.InvariantCulture, $"{rtt:0.0} ms") : "-"),
        new("received", 2, peer => StatusTable.Bytes(peer.RxBytes)),
        new("sent", 1, peer => StatusTable.Bytes(peer.TxBytes)),
        new("bgp", Always, Session),
        new("prefixes", 5, peer => peer.PrefixesReceived.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>A library's table takes a second for a thousand rows: so many are written as they come, in the same columns.</summary>
    public static void Write(IAnsiConsole console, ImmutableArray<PeerSection> peers)
    {
        if (peers.Length <= MostInTable)
        {
            console.Write(Of(peers, console.Profile.Width));
            return;
        }
        var columns = Fitting(peers, console.Profile.Width);
        var cells = peers.Select(peer => columns.Select(column => Terminal.Safe(column.Cell(peer))).ToArray()).Prepend([.. columns.Select(column => column.Title)]).ToList();
        var widths = columns.Select((_, index) => cells.Max(row => row[index].Length)).ToArray();
        var text = new StringBuilder("\n");
        foreach (var row in cells)
            text.Append("  ").AppendJoin("   ", row.Select((cell, index) => cell.PadRight(widths[index]))).Append('\n');
        console.Profile.Out.Writer.Write(text.Append('\n').ToString());
    }

    /// <param name="peers">A row each.</param>
    /// <param name="width">Of the terminal, in characters.</param>
    private static Table Of(ImmutableArray<PeerSection> peers, int width)
    {
        var columns = Fitting(peers, width);
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(column.Title).NoWrap());
        foreach (var peer in peers)
            table.AddRow([.. columns.Select(column => new Text(Terminal.Safe(column.Cell(peer))))]);
        return table;
    }

    /// <summary>With neither an agent nor a map its hostname is unknown.</summary>
    public static string Name(PeerSection peer) => peer.Hostname.Length > 0 ? peer.Hostname : peer.Link;

    // BFD comes up a second or two after BGP; where it stays down there is something in its way.
    private static string Session(PeerSection peer) => peer switch
    {
        { BgpState: "" } => "-",
        { BgpState: "Established", BfdState: "down" } => "Established, BFD down",
        _ => peer.BgpState,
    };

    private static ImmutableArray<Column> Fitting(ImmutableArray<PeerSection> peers, int width)
    {
        var widths = All.ToDictionary(column => column, column => Spacing + peers.Max(peer => Math.Max(column.Title.Length, column.Cell(peer).Length)));
        var columns = All;
        while (columns.Sum(column => widths[column]) + 1 > width && columns.MinBy(column => column.Importance) is { Importance: not Always } least)
            columns = columns.Remove(least);
        return columns;
    }
}
