using System.Globalization;
using Meshover.Cli.Administration;
using Meshover.Cli.CommandLine;

namespace Meshover.Cli.Routes;

/// <summary>A <see cref="RouteDocument"/> for people: the packet first, then why.</summary>
internal static class RouteText
{
    public static void Write(RouteDocument route)
    {
        Lines([$"{route.From} -> {route.To} on {route.Node}", $"in       {route.In}", $"gathered {route.Gathered}", $"out      {route.Out}", ""]);
        Section($"announced: {route.Prefix} and what overlaps it", ["prefix", "", "node", "here", "cost", "next hop", "why"], [.. route.Announcements.Select(Cells)]);
        Section("granted", ["prefix", "", "node", "up to", "name", ""], [.. route.Grants.Select(grant => (string[])[grant.Prefix, grant.Match, grant.Node, $"/{grant.MaxLength}", grant.Name ?? "", grant.Silent ?? ""])]);
        Section("in the kernel", ["prefix", "", "kind", "set by", "table", "metric", "by"], [.. route.Kernel.Select(Cells)]);
        Lines([.. route.More > 0 ? (string[])[$"and {route.More} more: ask for a longer prefix"] : [], .. route.Notes]);
    }

    private static string[] Cells(RouteAnnouncement one) =>
    [
        one.Prefix, one.Match, one.Node, one.Role is null ? one.State : $"{one.State}, {one.Role}", one.Cost?.ToString(CultureInfo.InvariantCulture) ?? "", string.Join(" or ", one.NextHops), one.Reason,
    ];

    private static string[] Cells(RouteHeld one) =>
        [one.Prefix, one.Match, one.Kind, one.Protocol, $"{one.Table}", $"{one.Metric}", string.Join(" or ", one.By)];

    private static void Section(string title, string[] titles, string[][] rows)
    {
        if (rows.Length == 0)
        {
            Lines([$"{title}: nothing", ""]);
            return;
        }
        Lines([title]);
        AdminTable.Write(titles, rows);
    }

    private static void Lines(string[] lines) => Console.Out.Write(string.Concat(lines.Select(line => $"{Terminal.Safe(line)}\n")));
}
