using System.Globalization;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Keys;
using Spectre.Console;

namespace Meshover.Cli.Status;

/// <summary>The status for people: a few lines and a table of peers.</summary>
internal static class StatusTable
{
    public static void Write(IAnsiConsole console, StatusDocument status)
    {
        WriteNode(console, status);
        if (status.State == NodeState.Down)
            return;
        WriteMap(console, status);
        WriteKey(console, status.Node);
        foreach (var component in status.Components)
            WriteComponent(console, component);
        if (!status.Announced.IsEmpty)
            console.MarkupLineInterpolated($"[grey]announced[/]   {string.Join(", ", status.Announced)}");
        if (!status.AnnouncedNotGranted.IsEmpty)
            console.MarkupLineInterpolated($"[yellow]not granted[/] {string.Join(", ", status.AnnouncedNotGranted)}");
        foreach (var notice in status.Notices)
            console.MarkupLineInterpolated($"[yellow]notice[/]      {Terminal.Safe(notice)}");
        if (status.Peers.IsEmpty)
            return;
        console.Write(PeerTable.Of(status.Peers, console.Profile.Width));
        foreach (var peer in status.Peers.Where(p => p.PathReason.Length > 0))
            console.MarkupLineInterpolated($"  {PeerTable.Name(peer)}: [yellow]{peer.PathReason}[/]");
    }

    private static void WriteNode(IAnsiConsole console, StatusDocument status)
    {
        if (status.Node is not { } node)
        {
            console.MarkupLine("This machine belongs to no mesh; `meshover up --join STRING` joins one.");
            return;
        }
        var transit = node.Transit == true ? ", transit" : "";
        console.MarkupLineInterpolated($"[bold]{node.Hostname}[/]  {node.Address4}  {node.Address6}  AS {node.Asn}  node {node.Id}{transit}");
        if (status.State == NodeState.Down)
            console.MarkupLine("It is down; `meshover up` brings it back.");
    }

    private static void WriteMap(IAnsiConsole console, StatusDocument status)
    {
        var controller = string.Join(" ", ((string?[])[status.Controller.State, status.Controller.Address, status.Controller.Error]).OfType<string>());
        console.MarkupLineInterpolated($"[grey]controller[/]  {Terminal.Safe(controller)}");
        var age = status.Map.AgeSeconds is { } seconds ? $"heard {Age(seconds)} ago" : "age unknown";
        console.MarkupLineInterpolated($"[grey]map[/]         {(status.Map.StoreId is null ? "none yet" : $"revision {status.Map.Revision}, {age}")}");
    }

    private static void WriteKey(IAnsiConsole console, NodeSection? node)
    {
        if (node is null)
            return;
        console.MarkupLineInterpolated($"[grey]key[/]         {node.PublicKey}{(node.KeyAgeSeconds is { } age ? $", {Age(age)} old" : "")}");
        if (node.KeyChangeProblem is { } problem)
            console.MarkupLineInterpolated($"            [yellow]{problem}[/]");
        if (node.KeyChange is not { } change)
            return;
        var what = change.Stage == FollowedKeyChange.InUse ? $"the former, {change.OtherKey}, is kept" : $"changes to {change.OtherKey}";
        console.MarkupLineInterpolated($"            {what}: {change.Agreed} of {change.Peers} peers have the new one");
    }

    private static void WriteComponent(IAnsiConsole console, ComponentSection component)
    {
        var colour = component.State switch { "ok" => "green", "off" or "unknown" => "grey", "starting" or "degraded" => "yellow", _ => "red" };
        var kind = component.Kind is null ? "" : $" ({component.Kind})";
        console.MarkupLine($"[grey]{component.Name,-11}[/] [{colour}]{Markup.Escape(component.State)}[/]{Markup.Escape(kind)}");
        if (component.Build is { } build)
            console.MarkupLineInterpolated($"            [grey]{build}[/]");
        if (component.Reason is { } reason)
            console.MarkupLineInterpolated($"            [grey]{reason}[/]");
        foreach (var error in component.Errors)
            console.MarkupLineInterpolated($"            {error}");
    }

    internal static string Age(long seconds) => seconds switch
    {
        < 60 => $"{seconds} s",
        < 3600 => $"{seconds / 60} min",
        < 86400 => $"{seconds / 3600} h",
        _ => $"{seconds / 86400} d",
    };

    internal static string Bytes(ulong bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        var unit = 0;
        double value = bytes;
        for (; value >= 1024 && unit < units.Length - 1; unit++)
            value /= 1024;
        return unit == 0 ? $"{bytes} B" : string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {units[unit]}");
    }
}
