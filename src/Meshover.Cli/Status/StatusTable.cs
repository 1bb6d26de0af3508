using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Keys;
using Spectre.Console;

namespace Meshover.Cli.Status;

/// <summary>The status for people: a few lines and a table of peers. What it says may come from another machine, which may say anything.</summary>
internal static class StatusTable
{
    private const int MostPrefixes = 20;
    private const string Configuration = "configuration";

    public static void Write(IAnsiConsole console, StatusDocument status, StatusView? view = null)
    {
        if (view is { Peer: { } wanted })
        {
            if (status.Peers.IsEmpty)
                Line(console, $"[yellow]{wanted}[/] is not there: this node has no such peer now.");
            else
                PeerDetail.Write(console, status.Peers[0], status.Findings);
            return;
        }
        if (view is { OnlyProblems: true })
        {
            WriteProblems(console, status);
            return;
        }
        WriteNode(console, status);
        if (status.State == NodeState.Down)
            return;
        WriteMap(console, status);
        WriteKey(console, status.Node);
        foreach (var component in status.Components)
            WriteComponent(console, component);
        foreach (var neighbor in status.Neighbors)
            WriteNeighbor(console, neighbor);
        foreach (var gathering in status.Gatherings)
            WriteGathering(console, gathering);
        if (status.Draining is { } stage)
            Line(console, $"[yellow]draining[/]    {stage}; `meshover undrain` ends it");
        if (!status.Announced.IsEmpty)
            Line(console, $"[grey]announced[/]   {Named(status, status.Announced)}");
        if (!status.AnnouncedNotGranted.IsEmpty)
            Line(console, $"[yellow]not granted[/] {Named(status, status.AnnouncedNotGranted)}");
        foreach (var source in status.AnnouncementSources.Where(source => source.Name != Configuration))
            Line(console, $"[grey]source[/]      {source.Name}: {source.Status}");
        foreach (var notice in status.Notices.Where(notice => !status.Findings.Any(finding => finding.Text == notice)))
            Line(console, $"[yellow]notice[/]      {notice}");
        foreach (var finding in status.Findings)
            WriteFinding(console, finding);
        WritePeers(console, status.Peers);
    }

    private static void WriteProblems(IAnsiConsole console, StatusDocument status)
    {
        WriteNode(console, status);
        foreach (var component in status.Components.Where(component => component.State is not ("ok" or "off")))
            WriteComponent(console, component);
        foreach (var finding in status.Findings)
        {
            WriteFinding(console, finding);
            if (finding.Advice.Length > 0)
                Line(console, $"            [grey]{finding.Advice}[/]");
        }
        if (status is { State: NodeState.Up, Findings.IsEmpty: true, Peers.IsEmpty: true })
            console.MarkupLine("Nothing is wrong here.");
        WritePeers(console, status.Peers);
    }

    /// <summary>The worst first.</summary>
    private static void WritePeers(IAnsiConsole console, ImmutableArray<PeerSection> peers)
    {
        if (peers.IsEmpty)
            return;
        ImmutableArray<PeerSection> sorted = [.. peers.OrderByDescending(StatusView.Badness)];
        PeerTable.Write(console, sorted);
        foreach (var peer in sorted.Where(p => p.PathReason.Length > 0))
            Line(console, $"  {PeerTable.Name(peer)}: [yellow]{peer.PathReason}[/]");
    }

    /// <summary>Each with who wants it announced, as far as the agent says it; the first of many.</summary>
    private static string Named(StatusDocument status, ImmutableArray<string> prefixes)
    {
        var named = prefixes.Take(MostPrefixes).Select(prefix => status.Announcements.FirstOrDefault(asked => asked.Prefix == prefix) is { } asked
            ? $"{prefix} ({string.Join(", ", asked.Sources)})"
            : prefix);
        return string.Join(", ", named) + (prefixes.Length > MostPrefixes ? $", and {prefixes.Length - MostPrefixes} more" : "");
    }

    internal static void Line(IAnsiConsole console, FormattableString text) => console.MarkupLineInterpolated(
        FormattableStringFactory.Create(text.Format, [.. text.GetArguments().Select(said => said is string words ? Terminal.Safe(words) : said)]));

    private static void WriteNode(IAnsiConsole console, StatusDocument status)
    {
        if (status.Node is not { } node)
        {
            console.MarkupLine("This machine belongs to no mesh; `meshover up --join STRING` joins one.");
            return;
        }
        var transit = node.Transit == true ? ", transit" : "";
        Line(console, $"[bold]{node.Hostname}[/]  {node.Address4}  {node.Address6}  AS {node.Asn}  node {node.Id}{transit}");
        WriteFurther(console, node.FurtherAddresses);
        if (status.State == NodeState.Down)
            console.MarkupLine("It is down; `meshover up` brings it back.");
    }

    internal static void WriteFurther(IAnsiConsole console, ImmutableArray<FurtherAddressSection> addresses)
    {
        foreach (var further in addresses)
            Line(console, $"[grey]address[/]     {further.Address}{(further.Note is { } note ? $"  {note}" : "")}");
    }

    private static void WriteMap(IAnsiConsole console, StatusDocument status)
    {
        var controller = string.Join(" ", ((string?[])[status.Controller.State, status.Controller.Address, status.Controller.Error]).OfType<string>());
        Line(console, $"[grey]controller[/]  {controller}");
        var age = status.Map.AgeSeconds is { } seconds ? $"heard {Age(seconds)} ago" : "age unknown";
        Line(console, $"[grey]map[/]         {(status.Map.StoreId is null ? "none yet" : $"revision {status.Map.Revision}, {age}")}");
    }

    private static void WriteKey(IAnsiConsole console, NodeSection? node)
    {
        if (node is null)
            return;
        Line(console, $"[grey]key[/]         {node.PublicKey}{(node.KeyAgeSeconds is { } age ? $", {Age(age)} old" : "")}");
        if (node.KeyChangeProblem is { } problem)
            Line(console, $"            [yellow]{problem}[/]");
        if (node.KeyChange is not { } change)
            return;
        var what = change.Stage == FollowedKeyChange.InUse ? $"the former key, {change.OtherKey}, is kept" : $"changing to {change.OtherKey}";
        Line(console, $"            {what}: {change.Agreed} of {change.Peers} peers have the new one");
    }

    private static void WriteComponent(IAnsiConsole console, ComponentSection component)
    {
        var colour = component.State switch { "ok" => "green", "off" or "unknown" => "grey", "starting" or "degraded" => "yellow", _ => "red" };
        var kind = component.Kind is null ? "" : $" ({component.Kind})";
        Line(console, $"[grey]{component.Name,-11}[/] [{colour}]{component.State}[/]{kind}");
        if (component.Build is { } build)
            Line(console, $"            [grey]{build}[/]");
        if (component.Reason is { } reason)
            Line(console, $"            [grey]{reason}[/]");
        foreach (var error in component.Errors)
            Line(console, $"            {error}");
    }

    internal static void WriteFinding(IAnsiConsole console, StatusFinding finding)
    {
        var colour = finding.Severity switch { "fault" => "red", "warning" => "yellow", _ => "grey" };
        Line(console, $"[{colour}]{finding.Severity,-11}[/] [grey]{finding.Code}[/] {finding.Text}");
    }

    private static void WriteNeighbor(IAnsiConsole console, NeighborSection neighbor)
    {
        var state = neighbor.BgpState.Length == 0 ? "not there yet" : neighbor.BgpState;
        var since = neighbor switch
        {
            { SinceSeconds: null } => "",
            { BgpState: "Established", SinceSeconds: { } seconds } => $" for {Age(seconds)}",
            { SinceSeconds: { } seconds } => $", lost {Age(seconds)} ago",
        };
        var bfd = neighbor.BfdState.Length == 0 ? "" : $", BFD {neighbor.BfdState}";
        Line(console,
            $"[grey]neighbour[/]   {neighbor.Name} AS {neighbor.RemoteAs}: {state}{since}{bfd}, {neighbor.PrefixesReceived} prefixes in, {neighbor.PrefixesSent} out");
        if (neighbor.Error is { } error)
            Line(console, $"            [yellow]{error}[/]");
    }

    private static void WriteGathering(IAnsiConsole console, GatheringSection gathering)
    {
        var (colour, owner) = gathering switch
        {
            { Owner: null } => ("yellow", "nobody"),
            { Path: "here" } => ("green", "here"),
            _ => ("green", gathering.Owner),
        };
        Line(console, $"[grey]gathered[/]    {gathering.Prefix}: [{colour}]{owner}[/]{(gathering.Reason is { } reason ? $" ({reason.TrimEnd('.')})" : "")}");
        foreach (var other in gathering.Owners.Where(other => !other.Usable))
            Line(console, $"            [yellow]{other.Hostname}: {other.Reason ?? ""}[/]");
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
